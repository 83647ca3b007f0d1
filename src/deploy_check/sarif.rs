//! Findings as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), which code hosts show at the
//! lines that they are about.

use std::path::Path;

use serde_json::{Value, json};

use super::finding::{Finding, Severity, Spot, Status, Verdict};
use crate::units::printable;

/// The findings as one run: a rule for each check, a result for each thing that is wrong.
pub fn sarif(verdict: &Verdict, folder: &Path) -> String {
    let rule = |finding: &Finding| json!({"id": finding.id, "shortDescription": {"text": finding.expected}});
    let rules: Vec<_> = verdict.checks.iter().map(rule).collect();
    let results: Vec<_> = verdict.checks.iter().flat_map(|finding| results(finding, folder)).collect();
    let driver = json!({
        "name": "storemgr deploy-check",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/",
        "rules": rules,
    });
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    });
    format!("{document:#}\n")
}

fn results(finding: &Finding, folder: &Path) -> Vec<Value> {
    if !finding.places.is_empty() {
        return finding.places.iter().map(|spot| result(finding, spot, folder)).collect();
    }
    if !matches!(finding.status, Status::Fail | Status::Warn) {
        return Vec::new();
    }
    let severity = finding.severity.unwrap_or(Severity::Warning);
    let spot = Spot { severity, file: String::new(), line: 0, seen: finding.seen.clone(), write: String::new() };
    vec![result(finding, &spot, folder)]
}

fn result(finding: &Finding, spot: &Spot, folder: &Path) -> Value {
    let mut text = printable(&spot.seen).into_owned();
    for part in [&spot.write, &finding.advice] {
        if !part.is_empty() {
            text.extend(["\n", &printable(part)]);
        }
    }
    let mut result = json!({"ruleId": finding.id, "level": spot.severity.word(), "message": {"text": text}});
    if !spot.file.is_empty() {
        // Relative to the folder, as code hosts want it; a line is needed by some of them.
        let whole = std::path::absolute(&spot.file).unwrap_or_else(|_| spot.file.clone().into());
        let path = whole.strip_prefix(folder).map_or_else(|_| spot.file.clone(), |path| path.display().to_string());
        result["locations"] = json!([{"physicalLocation": {
            "artifactLocation": {"uri": path.replace('%', "%25").replace(' ', "%20")},
            "region": {"startLine": spot.line.max(1)},
        }}]);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::super::finding::Phase;
    use super::*;

    #[test]
    fn each_thing_is_a_result_at_its_line() {
        let spot = Spot {
            severity: Severity::Error,
            file: "/x/a b.yml".to_owned(),
            line: 3,
            seen: "wrong".to_owned(),
            write: "right".to_owned(),
        };
        let finding = |status, severity, places| Finding {
            id: "compose-valid",
            status,
            severity,
            seen: String::new(),
            expected: "it to work".to_owned(),
            advice: String::new(),
            places,
        };
        let checks =
            vec![finding(Status::Fail, Some(Severity::Error), vec![spot]), finding(Status::Skip, None, vec![])];
        let text = sarif(&Verdict::new(Phase::Before, checks), Path::new("/x"));
        let document: Value = serde_json::from_str(&text).unwrap();
        let results = document["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 1);
        assert_eq!(
            (results[0]["level"].as_str(), results[0]["message"]["text"].as_str()),
            (Some("error"), Some("wrong\nright"))
        );
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(
            (place["artifactLocation"]["uri"].as_str(), place["region"]["startLine"].as_u64()),
            (Some("a%20b.yml"), Some(3))
        );
    }
}
