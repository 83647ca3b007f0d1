//! The metrics that a PromQL expression uses, with the labels by which it selects.
//!
//! This is a scanner, not a parser. It must accept what Grafana adds to expressions (`$interval`, `label_values()`),
//! and only has to distinguish names of metrics from names of functions, operators and labels.

/// Keywords that are followed by a list of labels.
const LABEL_LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Keywords without a list of labels.
const WORDS: [&str; 10] = ["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "start", "end"];

/// Aggregation operators. Their list of labels may come before their argument, so that no parenthesis follows the name.
const AGGREGATIONS: [&str; 15] = [
    "sum",
    "min",
    "max",
    "avg",
    "group",
    "stddev",
    "stdvar",
    "count",
    "count_values",
    "bottomk",
    "topk",
    "quantile",
    "limitk",
    "limit_ratio",
    "mad_over_time",
];

/// One use of a metric in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Use {
    pub(in crate::deploy_check) metric: String,
    /// The names of the labels it is selected by.
    pub(in crate::deploy_check) labels: Vec<String>,
}

/// Every use of a metric in an expression, in the order of the text.
pub(in crate::deploy_check) fn names_in(expression: &str) -> Vec<Use> {
    Scanner { text: expression, at: 0 }.scan()
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn scan(mut self) -> Vec<Use> {
        let mut found = Vec::new();
        while let Some(character) = self.rest().chars().next() {
            match character {
                '"' | '\'' | '`' => drop(self.quoted(character)),
                '#' => self.skip_past("\n"),
                '[' => self.skip_past("]"),
                '$' => self.skip_variable(),
                '{' => found.extend(self.selector(None)),
                _ if character.is_ascii_digit() => self.skip_while(|c| c.is_ascii_alphanumeric() || c == '.'),
                _ if is_name(character) => found.extend(self.named()),
                _ => self.at += character.len_utf8(),
            }
        }
        found
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        self.at += self.rest().find(|character| !wanted(character)).unwrap_or(self.rest().len());
    }

    fn skip_past(&mut self, end: &str) {
        self.at += self.rest().find(end).map_or(self.rest().len(), |at| at + end.len());
    }

    fn skip_variable(&mut self) {
        self.at += 1;
        if self.rest().starts_with('{') {
            self.skip_past("}");
        } else {
            self.skip_while(is_name);
        }
    }

    /// Reads the rest of a quoted string.
    fn quoted(&mut self, quote: char) -> String {
        let mut characters = self.rest().char_indices().skip(1);
        let mut text = String::new();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                self.at += at + 1;
                return text;
            }
            text.push(character);
            if character == '\\' && quote != '`' {
                text.extend(characters.next().map(|(_, hidden)| hidden));
            }
        }
        self.at = self.text.len();
        text
    }

    fn name(&mut self) -> &'a str {
        let start = self.at;
        self.skip_while(is_name);
        &self.text[start..self.at]
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.skip_while(char::is_whitespace);
        self.rest().starts_with(wanted)
    }

    fn named(&mut self) -> Option<Use> {
        let name = self.name();
        let lower = name.to_ascii_lowercase();
        if LABEL_LISTS.contains(&lower.as_str()) {
            if self.next_is('(') {
                self.skip_past(")");
            }
            return None;
        }
        if name == "label_values" && self.next_is('(') {
            return self.label_values();
        }
        if self.next_is('(') || WORDS.contains(&lower.as_str()) || AGGREGATIONS.contains(&lower.as_str()) {
            return None;
        }
        if self.next_is('{') {
            return self.selector(Some(name));
        }
        Some(Use { metric: name.to_owned(), labels: Vec::new() })
    }

    /// Reads the arguments of Grafana's `label_values(metric, label)`; `None` with a label alone, which names no
    /// metric.
    fn label_values(&mut self) -> Option<Use> {
        let end = self.rest().rfind(')')?;
        let inside = &self.rest()[1..end];
        self.at += end + 1;
        let (metric, label) = inside.rsplit_once(',')?;
        let mut found = names_in(metric).into_iter().next()?;
        found.labels.push(label.trim().to_owned());
        Some(found)
    }

    /// Reads a selector from its opening brace on; `None` if it does not say which metric.
    fn selector(&mut self, name: Option<&str>) -> Option<Use> {
        self.at += 1;
        let mut metric = name.map(ToOwned::to_owned);
        let mut labels = Vec::new();
        let mut label = String::new();
        while let Some(character) = self.rest().chars().next() {
            match character {
                '}' => {
                    self.at += 1;
                    break;
                }
                '"' | '\'' | '`' => {
                    let value = self.quoted(character);
                    if label == "__name__" {
                        metric = metric.or(Some(value));
                    }
                }
                '$' => self.skip_variable(),
                _ if is_name(character) => {
                    self.name().clone_into(&mut label);
                    if label != "__name__" {
                        labels.push(label.clone());
                    }
                }
                _ => self.at += character.len_utf8(),
            }
        }
        Some(Use { metric: metric?, labels })
    }
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == ':'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expression: &str) -> Vec<String> {
        let show = |one: Use| match one.labels.as_slice() {
            [] => one.metric,
            labels => format!("{}{{{}}}", one.metric, labels.join(",")),
        };
        names_in(expression).into_iter().map(show).collect()
    }

    #[test]
    fn names_of_metrics_are_told_from_everything_else() {
        for (expression, expected) in [
            ("up == 0", vec!["up"]),
            (
                r#"sum by (route) (rate(a_total{status=~"5..",route!="/x{y}"}[$__rate_interval]))"#,
                vec!["a_total{status,route}"],
            ),
            ("histogram_quantile(0.99, sum(rate(b_bucket[5m:1m])) by (le, job))", vec!["b_bucket"]),
            ("a / on(instance) group_left(version) c offset 5m", vec!["a", "c"]),
            (
                "job:errors:rate5m > 0.01 and ALERTS{alertstate='firing'}",
                vec!["job:errors:rate5m", "ALERTS{alertstate}"],
            ),
            (r#"{__name__="d_total",job="x"} # e_total"#, vec!["d_total{job}"]),
            ("label_values(f_info{job=\"x\"}, version)", vec!["f_info{job,version}"]),
            ("label_values(version)", vec![]),
            ("1e3 + Inf + ${datasource} + max(g) without (x) * 2", vec!["g"]),
            ("count_values(\"v\", h) or vector(1) > bool 1", vec!["h"]),
            ("time() - i", vec!["i"]),
        ] {
            assert_eq!(shown(expression), expected, "{expression}");
        }
    }
}
