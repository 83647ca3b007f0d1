//! Findings as JUnit XML, which build servers display: one test case per check.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::finding::{Finding, Status, Verdict};
use crate::units::printable;

/// Writes the findings as a JUnit test suite; a warning counts as passed.
pub fn junit(verdict: &Verdict) -> std::io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let count = |status| verdict.count(status).to_string();
    let name = format!("storemgr deploy-check, {}", verdict.phase.name());
    let (tests, failures, skipped) = (verdict.checks.len().to_string(), count(Status::Fail), count(Status::Skip));
    let attributes = [
        ("name", name.as_str()),
        ("tests", tests.as_str()),
        ("failures", failures.as_str()),
        ("errors", "0"),
        ("skipped", skipped.as_str()),
    ];
    writer.create_element("testsuites").write_inner_content(|writer| {
        writer.create_element("testsuite").with_attributes(attributes).write_inner_content(|writer| {
            verdict.checks.iter().try_for_each(|finding| case(writer, verdict.phase.name(), finding))
        })?;
        Ok(())
    })?;
    let mut text = writer.into_inner();
    text.push(b'\n');
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn case(writer: &mut Writer<Vec<u8>>, phase: &str, finding: &Finding) -> std::io::Result<()> {
    let class = format!("deploy-check.{phase}");
    let case = writer.create_element("testcase").with_attributes([("classname", class.as_str()), ("name", finding.id)]);
    let seen = printable(&finding.seen);
    let details = format!("expected: {}\nseen: {seen}\n→ {}", printable(&finding.expected), printable(&finding.advice));
    let first = seen.lines().next().unwrap_or_default();
    case.write_inner_content(|writer| {
        match finding.status {
            Status::Fail => {
                let failure = writer.create_element("failure").with_attribute(("message", first));
                failure.write_text_content(BytesText::new(&details))?;
            }
            Status::Skip => {
                writer.create_element("skipped").with_attribute(("message", first)).write_empty()?;
            }
            Status::Pass | Status::Warn => {
                let text = if finding.status == Status::Warn { details.as_str() } else { &*seen };
                writer.create_element("system-out").write_text_content(BytesText::new(text))?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::finding::Phase;
    use super::*;

    #[test]
    fn each_check_is_a_test_case_and_what_is_seen_is_escaped() {
        let finding = |id, status, seen: &str| Finding {
            id,
            status,
            seen: seen.to_owned(),
            severity: None,
            places: Vec::new(),
            expected: "a & b".to_owned(),
            advice: "do it".to_owned(),
        };
        let checks = vec![
            finding("one", Status::Pass, "1 < 2"),
            finding("two", Status::Fail, "\"x\"\nmore"),
            finding("three", Status::Skip, "nothing"),
        ];
        insta::assert_snapshot!(junit(&Verdict::new(Phase::Before, checks)).unwrap(), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="storemgr deploy-check, before" tests="3" failures="1" errors="0" skipped="1">
            <testcase classname="deploy-check.before" name="one">
              <system-out>1 &lt; 2</system-out>
            </testcase>
            <testcase classname="deploy-check.before" name="two">
              <failure message="&quot;x&quot;">expected: a &amp; b
        seen: &quot;x&quot;
        more
        → do it</failure>
            </testcase>
            <testcase classname="deploy-check.before" name="three">
              <skipped message="nothing"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn what_a_service_says_leaves_the_file_xml() {
        let text = "\u{1b}[2J\u{202e}\u{ffff}x";
        let finding = |status| Finding {
            id: "one",
            status,
            seen: text.to_owned(),
            severity: None,
            places: Vec::new(),
            expected: "it to work".to_owned(),
            advice: text.to_owned(),
        };
        let checks = [Status::Pass, Status::Warn, Status::Fail, Status::Skip].map(finding).to_vec();
        let xml = junit(&Verdict::new(Phase::After, checks)).unwrap();
        assert_eq!(xml.matches("\u{fffd}[2J\u{fffd}\u{fffd}x").count(), 7, "{xml}");
        let allowed = |c: char| matches!(c, '\n' | ' '..='\u{fffd}' | '\u{10000}'..) && c != '\u{202e}';
        assert!(xml.chars().all(allowed), "{xml:?}");
    }
}
