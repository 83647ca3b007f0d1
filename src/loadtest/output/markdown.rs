//! A run in GitHub's Markdown, for a pull request or the summary of a job: the verdict, what was to hold, and what has
//! changed; the rest folds away.

use super::tables::tables;
use super::{comparison, journeys, statistics};
use crate::run_result::{RunResult, Verdict};
use crate::table::Table;
use crate::units::{self, Language, printable};
use crate::{say, text};

/// Makes the document. `too_many_failed` says whether more requests failed than were allowed.
pub fn markdown(run: &RunResult, too_many_failed: bool, language: Language) -> String {
    let (scenario, host) = (code(&run.scenario.name), code(&run.host));
    let mut parts = vec![format!("### {}", say!(language, "Load test {scenario} on {host}", scenario, host))];
    parts.push(format!("**{}** {}", language.text(word(run, too_many_failed)), figures(run, language)));
    let (verdict, all) = tables(run, language);
    let thresholds = (!run.thresholds.is_empty()).then(|| super::tables::thresholds(run, language));
    let changed = run.comparison.as_ref().map(|comparison| comparison::table(comparison, language));
    let main = [thresholds, journeys::table(run, language), Some(statistics::statistics(run, language)), changed];
    let main = main.into_iter().flatten().map(|table| table.in_language(language).to_markdown());
    let main: Vec<_> = main.collect();
    let sentences: Vec<_> = verdict.lines().map(|line| format!("{}  ", printable(line))).collect();
    let rest = all.iter().map(Table::to_markdown).filter(|table| !main.contains(table)).collect::<Vec<_>>();
    parts.extend(main);
    parts.push(format!(
        "<details><summary>{}</summary>\n\n{}\n\n{}\n\n</details>",
        language.text(text!("Everything that was measured")),
        sentences.join("\n"),
        rest.join("\n\n")
    ));
    parts.join("\n\n") + "\n"
}

/// The verdict in a word or two, which is the one of the exit code.
fn word(run: &RunResult, too_many_failed: bool) -> &'static str {
    match run.verdict {
        Verdict::GeneratorLimited => text!("Not valid: the load generator was the bottleneck."),
        Verdict::Valid if !run.complete => text!("Not complete."),
        Verdict::Valid if run.requests == 0 => text!("No request was sent."),
        Verdict::Valid if !run.thresholds_hold() => text!("A threshold was crossed."),
        Verdict::Valid if too_many_failed => text!("Requests failed."),
        Verdict::Valid if run.failures > 0 => text!("Good; the requests that failed were allowed to."),
        Verdict::Valid => text!("Good."),
    }
}

/// The main figures in one line.
fn figures(run: &RunResult, language: Language) -> String {
    let p95 = run.aggregated.succeeded_latency_ms.as_ref().map(|times| units::significant(times.p95));
    say!(
        language,
        "{requests} requests, {failed} failed, p95 {p95} ms of good answers, {rate} good answers/s",
        requests = language.count(run.requests),
        failed = run.fail_ratio.map_or_else(|| "-".to_owned(), |ratio| language.number(&units::percent(ratio))),
        p95 = language.number(&p95.unwrap_or_else(|| "-".to_owned())),
        rate = language.number(&statistics::rates(&run.aggregated)[0])
    )
}

/// A text in which nothing is Markdown.
fn code(text: &str) -> String {
    format!("`{}`", printable(text).replace(['`', '\n'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::example_run;

    #[test]
    fn the_first_lines_say_what_came_of_it() {
        let text = markdown(&example_run(), true, Language::English);
        let first: Vec<_> = text.lines().take(12).collect();
        insta::assert_snapshot!(first.join("\n"), @"
        ### Load test `` on ``

        **A threshold was crossed.** 3,030 requests, 33.00 % failed, p95 12.4 ms of good answers, 33.8 good answers/s

        **Thresholds**

        |         | Threshold                     | Measured |
        | ------- | ----------------------------- | -------: |
        | held    | p95&lt;200ms                  |  12.4 ms |
        | crossed | POST /orders:fail_ratio&lt;1% |  99.01 % |

        **Requests, times in milliseconds of good answers, below of failed ones (150 users, 60.0 s)**
        ");
        assert!(text.contains("<details>") && text.trim_end().ends_with("</details>"));
        assert_eq!(text.matches("**Thresholds**").count(), 1, "no table twice");
        assert!(markdown(&example_run(), true, Language::French).contains("Un seuil a été franchi."));
        let mut run = example_run();
        run.thresholds.clear();
        let first =
            |run: &RunResult, failed| markdown(run, failed, Language::English).lines().nth(2).map(str::to_owned);
        let starts = |run: &RunResult, failed, with: &str| {
            assert!(first(run, failed).is_some_and(|line| line.starts_with(with)));
        };
        starts(&run, true, "**Requests failed.**");
        starts(&run, false, "**Good; the requests that failed were allowed to.**");
        run.requests = 0;
        starts(&run, true, "**No request was sent.**");
    }
}
