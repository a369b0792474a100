//! Help as strangers read it, held to files.

use crate::golden::hold;
use crate::{run, text};

/// All commands, and the commands of commands.
const COMMANDS: [&str; 43] = [
    "",
    "serve",
    "replay",
    "query",
    "compare",
    "rank",
    "periods",
    "control",
    "lists",
    "chart",
    "chart funnel",
    "chart control",
    "chart ranks",
    "chart profile",
    "calls",
    "org",
    "org import",
    "org get",
    "org list",
    "indicator",
    "indicator import",
    "indicator list",
    "indicator definitions",
    "indicator break",
    "indicator breaks",
    "definitions",
    "status",
    "source",
    "source list",
    "source check",
    "source sync",
    "source rejects",
    "source redrive",
    "adapter",
    "adapter list",
    "adapter describe",
    "adapter map",
    "adapter test",
    "adapter new",
    "backup",
    "restore",
    "verify",
    "demo",
];

#[test]
fn the_help_of_each_command_is_as_the_golden_files_have_it() {
    for command in COMMANDS {
        let done = run(&format!("{command} --help"));
        assert_eq!(done.status.code(), Some(0));
        assert!(done.stderr.is_empty());
        let name = format!("help {command}").trim().replace(' ', "-");
        hold(&format!("{name}.txt"), &text(&done.stdout));
    }
}

#[test]
fn every_command_of_the_help_is_held_to_a_file() {
    let help = text(&run("--help").stdout);
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names =
        listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() >= 9, "{help}");
    for name in names {
        assert!(COMMANDS.contains(&name), "{name} has no golden file: add it to the list");
    }
}
