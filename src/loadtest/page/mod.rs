//! A run as one HTML page: no script, nothing loaded from elsewhere, light or dark as the reader likes it.
//!
//! It can be opened from a disk, attached to a mail, or shown by a CI server whose policy forbids scripts. Every text that
//! came from outside is escaped.

mod chart;
mod charts;
mod ink;

use chart::Chart;

use super::generator::Verdict;
use super::summary::Summary;
use super::tables;
use crate::table::{Align, Table, escaped};
use crate::units;

const STYLE: &str = include_str!("style.css");

/// The page of a run.
pub fn page(summary: &Summary) -> String {
    let title = format!("Load test {} on {}", summary.scenario.name, summary.host);
    let (verdict, tables) = tables::tables(summary);
    let title = escaped(&title);
    let charts: String = charts::charts(summary).iter().map(figure).collect();
    let tables: String = tables.iter().chain([&environment(summary)]).map(Table::to_html).collect();
    let (verdict, facts) = (self::verdict(summary, &verdict), facts(summary));
    let version = escaped(&summary.environment.storemgr);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{verdict}{facts}\
         <div class=\"charts\">\n{charts}</div>\n{tables}\
         <footer>A response time runs from just before a request is sent, connecting included, to the last byte of the \
         answer. Percentiles are nearest ranks of HDR histograms with three significant digits. storemgr {version}\
         </footer>\n</main>\n</body>\n</html>\n"
    )
}

fn verdict(summary: &Summary, text: &str) -> String {
    let class = match summary.verdict {
        Verdict::Valid => "good",
        Verdict::GeneratorLimited => "bad",
    };
    let lines: Vec<_> = text.lines().map(escaped).collect();
    format!("<p class=\"verdict {class}\">{}</p>\n", lines.join("<br>\n"))
}

/// The few figures that everybody asks for.
fn facts(summary: &Summary) -> String {
    let times = &summary.aggregated.latency_ms;
    let facts = [
        ("requests", units::count(summary.requests), false),
        ("failed", units::percent(summary.fail_ratio), summary.failures > 0),
        ("requests/s", units::significant(summary.requests_per_s), false),
        ("p50", format!("{} ms", units::significant(times.p50)), false),
        ("p95", format!("{} ms", units::significant(times.p95)), false),
        ("p99", format!("{} ms", units::significant(times.p99)), false),
        ("longest", format!("{} ms", units::significant(times.max)), false),
    ];
    let fact = |(name, value, bad): (&str, String, bool)| {
        let class = if bad { " class=\"bad\"" } else { "" };
        format!("<div><dt>{name}</dt><dd{class}>{value}</dd></div>\n")
    };
    format!("<dl class=\"facts\">\n{}</dl>\n", facts.map(fact).concat())
}

fn figure(chart: &Chart<'_>) -> String {
    let named = |line: &chart::Series<'_>| {
        // A swatch is drawn, not styled: the colour is the line's own.
        let square = format!("<rect width=\"10\" height=\"10\" fill=\"{}\"/>", line.ink.value());
        format!("<span><svg class=\"swatch\" viewBox=\"0 0 10 10\">{square}</svg>{}</span>\n", escaped(&line.name))
    };
    // One line is what the title says.
    let legend: String = chart.series.iter().filter(|_| chart.series.len() > 1).map(named).collect();
    let legend = if legend.is_empty() { legend } else { format!("<p class=\"legend\">{legend}</p>\n") };
    // A chart that cannot be drawn must not cost the page.
    let drawing = chart.draw().unwrap_or_else(|error| format!("<p class=\"bad\">{}</p>", escaped(&error)));
    format!("<figure>\n<figcaption>{}</figcaption>\n{legend}{drawing}\n</figure>\n", escaped(chart.title))
}

fn environment(summary: &Summary) -> Table {
    let mut table = Table::new("Environment", &[("What", Align::Left), ("Value", Align::Left)]);
    let machine = &summary.environment;
    let memory = machine.memory_bytes.map_or_else(|| "unknown".to_owned(), units::bytes);
    let rows = [
        ("Started", summary.started_at.clone()),
        ("Ended", summary.ended_at.clone()),
        ("Service", summary.host.clone()),
        ("Scenario", summary.scenario.name.clone()),
        ("Seed", summary.seed.to_string()),
        ("Load generator", format!("storemgr {}", machine.storemgr)),
        ("Processor", format!("{} cores of {}", machine.cores, machine.cpu)),
        ("Memory", memory),
        ("Operating system", machine.os.clone()),
    ];
    let rows = rows.into_iter().map(|(name, value)| (name.to_owned(), value));
    for (name, value) in rows.chain(summary.tags.clone()) {
        table.row([name, value]);
    }
    table
}

#[cfg(test)]
mod tests;
