//! What runs: the version and the settings that an instance of the store tells by its metric `build_info`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::table::{Align, Table};
use crate::text;

/// The metric, whose labels are the settings.
const METRIC: &str = "storemgr_build_info";

/// The settings that are told, in the order of the columns, each with the name of the option of `serve` that sets it.
const SETTINGS: [(&str, &str); 4] = [
    ("db_connections", "db-connections"),
    ("order_writer", "order-writer"),
    ("report_source", "report-source"),
    ("report_cache", "report-cache"),
];

/// An instance and what runs in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Build {
    /// The address of the instance.
    pub instance: String,
    /// The version of the program.
    pub version: String,
    /// The commit from which it was built, or `unknown`.
    pub revision: String,
    /// The settings by the names of the metric's labels, such as `order_writer`.
    pub settings: BTreeMap<String, String>,
}

impl Build {
    /// Reads the labels of the metric.
    pub fn of_labels(instance: &str, labels: &BTreeMap<String, String>) -> Self {
        let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
        let known = |(name, _): &(&str, &str)| Some(((*name).to_owned(), labels.get(*name)?.clone()));
        Self {
            instance: instance.to_owned(),
            version: label("version"),
            revision: label("revision"),
            settings: SETTINGS.iter().filter_map(known).collect(),
        }
    }

    /// Reads the metrics of an instance in the text format of Prometheus; None if they do not have it.
    pub fn of_metrics(instance: &str, text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix(METRIC)?.strip_prefix('{'))?;
        let (labels, _) = line.rsplit_once('}')?;
        let pair = |label: &str| {
            let (name, value) = label.split_once("=\"")?;
            Some((name.to_owned(), value.trim_end_matches('"').to_owned()))
        };
        // The values are versions and names of settings: no comma and no quotation mark is in them.
        Some(Self::of_labels(instance, &labels.split(',').filter_map(pair).collect()))
    }
}

/// The table of what runs, in English; empty if nothing is known.
pub fn builds_table(builds: &[Build]) -> Table {
    let mut columns = vec![(text!("Instance"), Align::Left), (text!("Version"), Align::Left)];
    columns.extend(SETTINGS.map(|(_, option)| (option, Align::Left)));
    let mut table = Table::new(text!("What ran"), &columns);
    for build in builds {
        let version = match build.revision.as_str() {
            "" | "unknown" => build.version.clone(),
            revision => format!("{} ({})", build.version, revision.chars().take(REVISION).collect::<String>()),
        };
        let settings = SETTINGS.map(|(name, _)| build.settings.get(name).cloned().unwrap_or_default());
        table.row([build.instance.clone(), version].into_iter().chain(settings));
    }
    table
}

/// The letters of a commit that are shown.
const REVISION: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_an_instance_are_read_from_its_metrics() {
        let text = "# TYPE storemgr_build_info gauge\nstoremgr_build_info{db_connections=\"pool\",order_writer=\"batched\",\
                    report_cache=\"off\",report_source=\"scan\",revision=\"0123456789abcdef\",version=\"1.2.3\"} 1\n";
        let build = Build::of_metrics("127.0.0.1:5000", text).unwrap();
        insta::assert_snapshot!(builds_table(&[build]).render(None, false), @"
        What ran
         Instance        Version           db-connections  order-writer  report-source  report-cache
        ─────────────────────────────────────────────────────────────────────────────────────────────
         127.0.0.1:5000  1.2.3 (01234567)  pool            batched       scan           off
        ");
        assert_eq!(Build::of_metrics("x", "up 1\n"), None);
        assert!(builds_table(&[]).is_empty());
    }
}
