//! The reasons why two runs cannot be compared.

use crate::run_result::{Condition, RecordedRun};

/// One sentence for each reason; empty if the runs are comparable.
pub(super) fn reservations(before: &RecordedRun, after: &RecordedRun) -> Vec<String> {
    let differences = before.conditions.differences(&after.conditions);
    let differences = differences.iter().filter_map(|difference| {
        let what = another(difference.condition)?;
        if let Some((before, after)) =
            other_names(before, after).filter(|_| difference.condition == Condition::Scenario)
        {
            return Some(format!("Another scenario: {before} before, {after} after."));
        }
        Some(format!("{what}: {} before, {} after.", difference.first, difference.second))
    });
    let cut_short = [(before, "first"), (after, "second")].into_iter().filter(|(run, _)| run.complete == Some(false));
    differences.chain(cut_short.map(|(_, side)| format!("The {side} run was interrupted before its end."))).collect()
}

/// The names of both scenarios, if they differ: then they say more than two lists of tasks.
fn other_names<'a>(before: &'a RecordedRun, after: &'a RecordedRun) -> Option<(&'a str, &'a str)> {
    let names = [before, after].map(|run| run.conditions.scenario.as_ref().map(|scenario| scenario.name.as_str()));
    let [before, after] = names;
    before.zip(after).filter(|(before, after)| before != after)
}

/// The beginning of the sentence for a difference. The address of the service is not a reason: the comparison may be about
/// two deployments, and a private stack may have other ports.
fn another(condition: Condition) -> Option<&'static str> {
    match condition {
        Condition::Host => None,
        Condition::Model => Some("Another kind of load"),
        Condition::Users => Some("Another number of users"),
        Condition::Rate => Some("Another rate"),
        Condition::Stages => Some("Another course of the load"),
        Condition::Length => Some("Another length"),
        Condition::Scenario => Some("Another mix of requests"),
        Condition::Ranges => Some("Requests for other products or users"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> RecordedRun {
        let head = r#""started_at":"2026-11-24T12:00:00Z","ended_at":"2026-11-24T12:01:00Z","requests":7,"failures":0"#;
        serde_json::from_str(&format!("{{{head}{text}}}")).unwrap()
    }

    const CONDITIONS: &str = r#","host":"http://a","model":"closed","users":150,"rate":null,"duration_s":60.001,
        "complete":true,"stages":[],"scenario":{"name":"store","tasks":[]}"#;

    #[test]
    fn runs_that_were_made_alike_have_no_reservation() {
        let elsewhere = CONDITIONS.replace("http://a", "http://b").replace("60.001", "60.9");
        assert_eq!(reservations(&run(CONDITIONS), &run(&elsewhere)), Vec::<String>::new());
        assert_eq!(reservations(&run(""), &run(CONDITIONS)), Vec::<String>::new(), "what a file does not say");
    }

    #[test]
    fn every_difference_is_a_sentence() {
        let task = r#"{"name":"t","weight":1,"method":"GET","route":"/","think_time_min_ms":0,"think_time_max_ms":5}"#;
        let other = CONDITIONS
            .replace("closed", "open")
            .replace("null", r#"{"per_second":200.0}"#)
            .replace("60.001", "30.0")
            .replace("true", "false")
            .replace(r#""stages":[]"#, r#""stages":[[5,100]]"#)
            .replace(r#""tasks":[]"#, &format!(r#""tasks":[{task}]"#));
        assert_eq!(
            reservations(&run(CONDITIONS), &run(&other)),
            [
                "Another kind of load: closed before, open after.",
                "Another course of the load: no stages before, 5s:100 after.",
                "Another length: 60.0 s before, 30.0 s after.",
                "Another mix of requests: nothing before, GET / x1 (think 0 to 5 ms) after.",
                "The second run was interrupted before its end."
            ]
        );
        let named = other.replace(r#""name":"store""#, r#""name":"shop""#);
        assert!(
            reservations(&run(CONDITIONS), &run(&named))
                .contains(&"Another scenario: store before, shop after.".to_owned())
        );
        let more = CONDITIONS.replace("150", "1500");
        assert_eq!(reservations(&run(CONDITIONS), &run(&more)), ["Another number of users: 150 before, 1,500 after."]);
    }
}
