//! `callgauge indicator` through its front door, on a stopped folder: files in all forms, faults by line, and what is listed comes back in.

use std::path::Path;

use tempfile::TempDir;

use crate::workbook::Book;
use crate::{callgauge, text};

const PRACTICES: [&str; 4] = ["A81001", "A81002", "B82003", "B82004"];

/// A data folder with a few practices, and files beside it.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(TempDir::new().expect("a folder"));
        std::fs::create_dir(folder.path().join("data")).expect("it is made");
        let mut csv = String::from("code,name,level,parents,from_date,until_date\n");
        for code in PRACTICES {
            csv.push_str(&format!("{code},Surgery {code},practice,,,\n"));
        }
        let (code, _, said) = folder.run("org import", "orgs.csv", &csv, "");
        assert_eq!(code, Some(0), "{said}");
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and runs a command on it: exit code, standard output, standard error.
    pub(crate) fn run(
        &self,
        command: &str,
        name: &str,
        content: &str,
        options: &str,
    ) -> (Option<i32>, String, String) {
        std::fs::write(self.path().join(name), content).expect("it is written");
        self.on(command, name, options)
    }

    pub(crate) fn on(&self, command: &str, name: &str, options: &str) -> (Option<i32>, String, String) {
        let mut program = callgauge(command);
        if !name.is_empty() {
            program.arg(self.path().join(name));
        }
        let done =
            program.args(options.split_whitespace()).arg("--data").arg(self.path().join("data")).output();
        let done = done.expect("the program was built");
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    }

    pub(crate) fn import(&self, name: &str, content: &str, options: &str) -> (Option<i32>, String, String) {
        self.run("indicator import", name, content, options)
    }

    pub(crate) fn list(&self, options: &str) -> Vec<String> {
        let (code, listed, said) = self.on("indicator list", "", &format!("--format csv {options}"));
        assert_eq!(code, Some(0), "{said}");
        listed.lines().skip(1).map(str::to_owned).collect()
    }
}

#[test]
fn what_is_listed_can_be_imported_again_and_changes_nothing() {
    let folder = Folder::new();
    let csv = "organisation_code,numerator,denominator,expected,quality_note\n\
               A81001,12,7000,10.5,\"late, by a week\"\nB82003,0,,,\n";
    let options = "--name ae_attendances --month 2026-02 --source st-elsewhere --definition-version 3";
    let (code, told, said) = folder.import("ae.csv", csv, options);
    assert_eq!(
        (code, told.as_str()),
        (Some(0), "values 2\nadded 2\nreplaced 0\nunchanged 0\nrefused 0\n"),
        "{said}"
    );
    let listed = folder.list("");
    assert_eq!(
        listed,
        [
            "ae_attendances,A81001,2026-02-01,2026-03-01,st-elsewhere,12,7000,10.5,3,\"late, by a week\"",
            "ae_attendances,B82003,2026-02-01,2026-03-01,st-elsewhere,0,,,3,",
        ]
    );
    let (_, all, _) = folder.on("indicator list", "", "--format csv");
    let (code, told, said) = folder.import("again.csv", &all, "--source st-elsewhere");
    assert_eq!(
        (code, told.as_str()),
        (Some(0), "values 2\nadded 0\nreplaced 0\nunchanged 2\nrefused 0\n"),
        "{said}"
    );
}

#[test]
fn every_fault_of_own_csv_is_named_by_its_line_and_the_rest_is_taken() {
    let folder = Folder::new();
    let csv = "name,organisation_code,start_date,end_date,numerator,denominator\n\
               complaints,A81001,2026-02-01,2026-03-01,3,7000\n\
               complaints,A81002,2026-02-01,2026-03-01,three,7000\n\
               cbt003_answered,A81002,2026-02-01,2026-03-01,3,2\n\
               complaints,Z99999,2026-02-01,2026-03-01,3,7000\n\
               complaints,A81002,2026-02-01,2026-02-20,3,7000\n\
               complaints,A81002,2026-02-01,2026-03-01,inf,7000\n";
    let (code, told, said) = folder.import("some.csv", csv, "--source here --dry-run");
    assert_eq!((code, told.as_str()), (Some(1), "values 5\nadded 0\nreplaced 0\nunchanged 0\nrefused 5\n"));
    for line in [
        "line 3: numerator:",
        "line 4: numerator:",
        "line 5: organisation_code:",
        "line 6: end_date:",
        "line 7: numerator:",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(folder.list("").is_empty(), "a dry run takes nothing");
    assert_eq!(folder.import("some.csv", csv, "--source here").0, Some(1));
    assert_eq!(folder.list("--name complaints").len(), 1);
}

#[test]
fn a_file_of_another_shape_is_refused_with_what_is_missing() {
    let folder = Folder::new();
    let cases = [
        ("code,value\nA81001,3\n", "--source x", 1, "\"code\" is no column"),
        ("organisation_code,numerator\nA81001,3\n", "--source x --month 2026-02", 1, "name, or --name"),
        (
            "organisation_code,numerator\nA81001,3\n",
            "--source x --name list_size",
            1,
            "start_date, or --month",
        ),
        ("organisation_code,numerator\nA81001,3\n", "--name list_size --month 2026-02", 2, "--source"),
        ("organisation_code,numerator\nA81001,3\n", "--form list-sizes", 1, "no column extract_date"),
        ("organisation_code,numerator\nA81001,3\n", "--form list-sizes --month 2026-02", 2, "own CSV"),
        ("organisation_code,numerator\nA81001,3\n", "--form cbt-workbook", 1, "workbook"),
    ];
    for (csv, options, exit, says) in cases {
        let (code, told, said) = folder.import("other.csv", csv, options);
        assert_eq!(code, Some(exit), "{options}: {said}");
        assert!(said.contains(says) && told.is_empty(), "{options}: {said}");
    }
}

pub(crate) const CROSSTAB: &str = "APPOINTMENT_MONTH_START_DATE,GP_CODE,GP_NAME,SUPPLIER,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_NAME,\
HCP_TYPE,APPT_MODE,NATIONAL_CATEGORY,TIME_BETWEEN_BOOK_AND_APPT,COUNT_OF_APPOINTMENTS,APPT_STATUS\n";

pub(crate) fn line(month: &str, code: &str, mode: &str, category: &str, count: &str) -> String {
    format!(
        "{month},{code},\"SURGERY, THE\",EMIS,U00001,A PCN,01A,A PLACE,GP,{mode},{category},8  to 14 Days,{count},Attended\n"
    )
}

#[test]
fn the_appointments_crosstab_is_summed_with_covid_apart() {
    let folder = Folder::new();
    let mut csv = CROSSTAB.to_owned();
    for (month, code, mode, category, count) in [
        ("01FEB2026", "A81001", "Face-to-Face", "General Consultation Routine", "30"),
        ("01FEB2026", "A81001", "Telephone", "General Consultation Acute", "12"),
        ("01FEB2026", "A81001", "Home Visit", "Home Visit", "3"),
        ("01FEB2026", "A81001", "Unknown", "Unmapped", "5"),
        ("01FEB2026", "A81001", "Face-to-Face", "COVID-19 Vaccination", "400"),
        ("01JAN2026", "A81001", "Video/Online", "Walk-in", "7"),
        ("01FEB2026", "A81002", "Face-to-Face", "Walk-in", "9"),
        ("01FEB2026", "A81002", "By Pigeon", "Walk-in", "1"),
        ("01FEB2026", "B82003", "Telephone", "Walk-in", "many"),
        ("soon", "B82004", "Telephone", "Walk-in", "1"),
    ] {
        csv.push_str(&line(month, code, mode, category, count));
    }
    let (code, told, said) = folder.import("crosstab.csv", &csv, "--form gp-appointments");
    assert_eq!((code, told.lines().next()), (Some(1), Some("values 5")), "{said}");
    for fault in [
        "line 9: APPT_MODE: must be Face-to-Face",
        "line 10: COUNT_OF_APPOINTMENTS",
        "line 11: APPOINTMENT_MONTH",
    ] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
    let source = "nhs-england-gpad";
    assert_eq!(
        folder.list(""),
        [
            format!("appointments,A81001,2026-01-01,2026-02-01,{source},7,,,,"),
            format!("appointments,A81001,2026-02-01,2026-03-01,{source},50,,,,"),
            format!("covid_vaccinations,A81001,2026-02-01,2026-03-01,{source},400,,,,"),
            format!("face_to_face_appointments,A81001,2026-01-01,2026-02-01,{source},0,7,,,"),
            format!("face_to_face_appointments,A81001,2026-02-01,2026-03-01,{source},30,45,,,"),
        ],
        "a practice and month with a line that cannot be read is left out whole"
    );
}

#[test]
fn list_sizes_are_those_of_practices_in_the_month_of_their_day() {
    let folder = Folder::new();
    let csv = "PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS\n\
               GP_PRAC_PAT_LIST,2026-03-01,GP,01A,E38000000,A81001,AA1 1AA,ALL,ALL,3743\n\
               GP_PRAC_PAT_LIST,01MAR2026,GP,01A,E38000000,A81002,AA1 1AA,ALL,ALL,18654\n\
               GP_PRAC_PAT_LIST,2026-03-01,GP,01A,E38000000,A81002,AA1 1AA,MALE,ALL,9000\n\
               GP_PRAC_PAT_LIST,2026-03-01,PCN,01A,E38000000,U00001,,ALL,ALL,50000\n\
               GP_PRAC_PAT_LIST,2026-03-01,GP,01A,E38000000,B82003,AA1 1AA,ALL,ALL,1.5\n";
    let (code, told, said) = folder.import("lists.csv", csv, "--form list-sizes");
    assert_eq!((code, told.lines().next()), (Some(1), Some("values 2")), "{said}");
    assert!(said.contains("line 6: NUMBER_OF_PATIENTS"), "{said}");
    let listed = folder.list("");
    assert_eq!(
        listed,
        [
            "list_size,A81001,2026-03-01,2026-04-01,nhs-england-list-sizes,3743,,,,",
            "list_size,A81002,2026-03-01,2026-04-01,nhs-england-list-sizes,18654,,,,",
        ]
    );
}

#[test]
fn the_practice_tables_of_the_workbook_come_in_as_published() {
    let folder = Folder::new();
    Book::default().write(folder.path());
    let (code, told, said) = folder.on("indicator import", "summary.xlsx", "--form cbt-workbook");
    // Eight practices of the workbook, of which four are known here; 19 values each.
    assert_eq!(
        (code, told.as_str()),
        (Some(1), "values 152\nadded 76\nreplaced 0\nunchanged 0\nrefused 76\n"),
        "{said}"
    );
    assert!(
        said.contains("practice C83006, cbt001_inbound_calls: organisation_code: no practice C83006"),
        "{said}"
    );
    let listed = folder.list("--org A81001");
    for row in [
        "cbt001_inbound_calls,A81001,2026-02-01,2026-03-01,nhs-england-cbt,1305,,,,",
        "cbt003_answered,A81001,2026-02-01,2026-03-01,nhs-england-cbt,820,1305,,,",
        "cbt004_missed,A81001,2026-02-01,2026-03-01,nhs-england-cbt,130,1305,,,",
    ] {
        assert!(listed.iter().any(|line| line == row), "{row} in {listed:#?}");
    }
}

#[test]
fn a_workbook_brings_its_practices_along_where_that_is_asked_for() {
    let folder = Folder::new();
    Book::default().write(folder.path());
    let options = "--form cbt-workbook --organisations";
    let (code, told, said) = folder.on("indicator import", "summary.xlsx", options);
    assert_eq!(
        (code, told.as_str()),
        (Some(0), "values 152\nadded 152\nreplaced 0\nunchanged 0\nrefused 0\n"),
        "{said}"
    );
    let (_, listed, _) = folder.on("org list", "", "--level practice --format csv");
    assert!(listed.contains("C83006"), "{listed}");
    let (code, told, _) = folder.on("indicator import", "summary.xlsx", options);
    assert_eq!(
        (code, told.lines().nth(3)),
        (Some(0), Some("unchanged 152")),
        "the same again changes nothing"
    );
    for (options, says) in [
        ("--form list-sizes --organisations", "--organisations goes with --form cbt-workbook"),
        ("--form cbt-workbook --organisations --dry-run", "cannot be used with"),
    ] {
        let (code, told, said) = folder.on("indicator import", "summary.xlsx", options);
        assert_eq!((code, told.as_str()), (Some(2), ""), "{said}");
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn breaks_are_recorded_listed_and_taken_back() {
    let folder = Folder::new();
    let (code, _, said) = folder.on("indicator break 2026-02-10 --org A81001 --why moved", "", "");
    assert_eq!(code, Some(0), "{said}");
    let (_, listed, _) = folder.on("indicator breaks", "", "--format csv");
    assert!(listed.contains("\n2026-02-10,A81001,,moved,local,"), "{listed}");
    let (code, _, said) = folder.on("indicator break 2026-02-10 --org A81001 --withdraw", "", "");
    assert_eq!(code, Some(0), "{said}");
    let (_, listed, _) = folder.on("indicator breaks", "", "--format csv");
    assert_eq!(listed.lines().count(), 1, "{listed}");
}
