//! Faults planted into files of indicators, form by form: each is refused by name, and what is not touched by it comes in.

use crate::indicators::{CROSSTAB, Folder, line};
use crate::workbook::{Book, BookRow};

/// A file with one fault: what is said of it, and how many values come in all the same.
struct Fault {
    name: &'static str,
    content: String,
    says: &'static str,
    taken: usize,
}

/// Imports each file into a folder of its own. An empty list of what is said would let any file pass.
fn hold(options: &str, faults: Vec<Fault>) {
    for Fault { name, content, says, taken } in faults {
        let folder = Folder::new();
        let (code, _, said) = folder.import("faulty.csv", &content, options);
        assert_eq!(code, Some(1), "{name}: {said}");
        assert!(!says.is_empty() && said.contains(says), "{name}: {said}");
        assert_eq!(folder.list("").len(), taken, "{name}");
    }
}

#[test]
fn a_fault_in_own_csv_is_named() {
    let header = "name,organisation_code,start_date,end_date,numerator,denominator,expected\n";
    let good = "complaints,A81001,2026-02-01,2026-03-01,3,7000,2.5\n";
    let with = |wrong: &str| format!("{header}{good}{wrong}\n");
    let row = |name, wrong: &str, says| Fault { name, content: with(wrong), says, taken: 1 };
    // More lines than a request takes lie between the two.
    let far: String =
        (0..1_200).map(|at| format!("local:n{at},A81002,2026-02-01,2026-03-01,1,,\n")).collect();
    hold(
        "--source here",
        vec![
            row("wrong code", "complaints,A8100,2026-02-01,2026-03-01,3,7000,", "line 3: organisation_code"),
            row("unknown practice", "complaints,Z99999,2026-02-01,2026-03-01,3,7000,", "no practice Z99999"),
            row("unknown name", "complaint,A81002,2026-02-01,2026-03-01,3,7000,", "line 3: name"),
            row("half a month", "complaints,A81002,2026-02-01,2026-02-15,3,7000,", "line 3: end_date"),
            row(
                "a month that is none",
                "complaints,A81002,2026-02-30,2026-03-01,3,7000,",
                "line 3: start_date",
            ),
            row(
                "over its denominator",
                "cbt003_answered,A81002,2026-02-01,2026-03-01,8,7,",
                "at most the denominator",
            ),
            row("no denominator", "cbt003_answered,A81002,2026-02-01,2026-03-01,8,,", "line 3: denominator"),
            row("negative", "complaints,A81002,2026-02-01,2026-03-01,-3,7000,", "0 or more"),
            row("no number", "complaints,A81002,2026-02-01,2026-03-01,n/a,7000,", "line 3: numerator"),
            row("nothing", "complaints,A81002,2026-02-01,2026-03-01,,7000,", "line 3: numerator"),
            row("infinite", "complaints,A81002,2026-02-01,2026-03-01,3,inf,", "line 3: denominator"),
            row("expected is none", "complaints,A81002,2026-02-01,2026-03-01,3,7000,NaN", "line 3: expected"),
            row(
                "twice",
                "complaints,A81001,2026-02-01,2026-03-01,4,7000,",
                "line 3: organisation_code: A81001 has two values",
            ),
            Fault {
                name: "twice, far apart",
                content: format!("{header}{good}{far}{good}"),
                says: "here and at line 2",
                taken: 1_201,
            },
            Fault {
                name: "a column too few",
                content:
                    "name,organisation_code,start_date,end_date\ncomplaints,A81001,2026-02-01,2026-03-01\n"
                        .into(),
                says: "there is no column numerator",
                taken: 0,
            },
        ],
    );
}

#[test]
fn a_fault_in_the_appointments_crosstab_is_named() {
    let good = line("01FEB2026", "A81001", "Telephone", "Walk-in", "12");
    let other = line("01FEB2026", "A81002", "Face-to-Face", "Walk-in", "9");
    // Two values a practice: the second practice has the fault, which takes all of that practice out.
    let row = |name, wrong: &str, says| Fault {
        name,
        content: format!("{CROSSTAB}{good}{other}{wrong}"),
        says,
        taken: 2,
    };
    let mut faults = vec![
        row(
            "negative",
            &line("01FEB2026", "A81002", "Telephone", "Walk-in", "-4"),
            "line 4: COUNT_OF_APPOINTMENTS",
        ),
        row(
            "half an appointment",
            &line("01FEB2026", "A81002", "Telephone", "Walk-in", "1.5"),
            "line 4: COUNT_OF_APPOINTMENTS",
        ),
        row("unknown mode", &line("01FEB2026", "A81002", "Fax", "Walk-in", "1"), "line 4: APPT_MODE"),
        row("twice", &other, "line 4: stands twice in this file"),
        Fault {
            name: "unknown practice",
            content: format!("{CROSSTAB}{good}{}", line("01FEB2026", "Z99999", "Telephone", "Walk-in", "1")),
            says: "no practice Z99999",
            taken: 2,
        },
        Fault {
            name: "a month that is none",
            content: format!("{CROSSTAB}{good}{}", line("FEB2026", "A81002", "Telephone", "Walk-in", "1")),
            says: "line 3: APPOINTMENT_MONTH",
            taken: 2,
        },
    ];
    for column in ["APPOINTMENT_MONTH_START_DATE", "GP_CODE", "APPT_MODE", "COUNT_OF_APPOINTMENTS"] {
        let content = format!("{}{good}", CROSSTAB.replace(column, "SOMETHING_ELSE"));
        faults.push(Fault { name: "a column is missing", content, says: "there is no column", taken: 0 });
    }
    hold("--form gp-appointments", faults);
}

#[test]
fn a_fault_in_list_sizes_is_named() {
    let header = "PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS\n";
    let of = |day: &str, code: &str, patients: &str| {
        format!("GP_PRAC_PAT_LIST,{day},GP,01A,E38000000,{code},AA1 1AA,ALL,ALL,{patients}\n")
    };
    let good = of("2026-03-01", "A81001", "3743");
    let row =
        |name, wrong: String, says| Fault { name, content: format!("{header}{good}{wrong}"), says, taken: 1 };
    let mut faults = vec![
        row(
            "unknown practice",
            of("2026-03-01", "Z99999", "1"),
            "line 3: organisation_code: no practice Z99999",
        ),
        row("wrong code", of("2026-03-01", "A8 002", "1"), "line 3: organisation_code"),
        row("twice", of("2026-03-01", "A81001", "3743"), "line 3: organisation_code: A81001 has two values"),
        row("negative", of("2026-03-01", "A81002", "-1"), "line 3: NUMBER_OF_PATIENTS"),
        row("empty", of("2026-03-01", "A81002", ""), "line 3: NUMBER_OF_PATIENTS"),
        row("a day that is none", of("2026-03-32", "A81002", "1"), "line 3: EXTRACT_DATE"),
    ];
    for column in ["EXTRACT_DATE", "TYPE", "CODE", "SEX", "AGE", "NUMBER_OF_PATIENTS"] {
        let content = format!("{}{good}", header.replace(&format!(",{column}"), ",SOMETHING_ELSE"));
        faults.push(Fault { name: "a column is missing", content, says: "there is no column", taken: 0 });
    }
    hold("--form list-sizes", faults);
}

#[test]
fn a_fault_in_the_workbook_is_named() {
    // Two practices that are known here, 19 values each.
    let two = || Book { rows: Book::default().rows[..2].to_vec(), ..Book::default() };
    let hold = |name: &str, book: Book, says: &str, taken: usize| {
        let folder = Folder::new();
        book.write(folder.path());
        let (code, _, said) = folder.on("indicator import", "summary.xlsx", "--form cbt-workbook");
        assert_eq!(code, Some(1), "{name}: {said}");
        assert!(!says.is_empty() && said.contains(says), "{name}: {said}");
        assert_eq!(folder.list("").len(), taken, "{name}");
    };
    let mut over = two();
    over.rows[1].outcomes[1] = over.rows[1].outcomes[0] + 1;
    hold("answered over inbound", over, "cbt003_answered: numerator: must be at most the denominator", 37);
    let mut unknown = two();
    unknown.rows.push(BookRow::new("Z99999", ["U00001", "01A", "QAA", "Y01"], [1, 1, 1, 1]));
    hold("unknown practice", unknown, "no practice Z99999", 38);
    let mut twice = two();
    twice.rows.push(BookRow::new("A81001", ["U00009", "01A", "QAA", "Y01"], [1, 2, 3, 4]));
    hold("twice, in two places", twice, "A81001 twice", 0);
    for (sheet, heading) in [
        ("Table 3", "Count of Inbound calls"),
        ("Table 3", "Answered"),
        ("Table 4", "Longer than 5 minutes"),
        ("Table 5", "Longer than 5 minutes"),
    ] {
        let book = Book { wrong_total: Some((sheet, heading, 1)), ..two() };
        hold("a total that its column does not make", book, "Total", 0);
    }
    for heading in ["Count of Inbound calls", "Missed [5]", "Call back made"] {
        let book = Book { renamed_headings: vec![(heading, "Something else")], ..two() };
        hold("a heading that is not there", book, heading.split(' ').next().unwrap_or(heading), 0);
    }
    for sheet in ["Table 3", "Table 4", "Table 5"] {
        hold("a sheet that is not there", Book { without_sheets: vec![sheet], ..two() }, sheet, 0);
    }
}
