//! A log line as one JSON object. The time has the name that nginx's log gives it; the formatter of the library calls it
//! `timestamp`.

use std::fmt;

use serde::Serialize;
use tracing::{Event, Subscriber};
use tracing_serde::fields::{AsMap, SerializeFieldMap};
use tracing_serde::{AsSerde, SerializeLevel};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes events as JSON.
#[derive(Debug)]
pub(super) struct JsonLine;

#[derive(Serialize)]
struct Line<'a, 'event> {
    time: &'a str,
    level: SerializeLevel<'a>,
    #[serde(flatten)]
    fields: SerializeFieldMap<'a, Event<'event>>,
    target: &'a str,
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let metadata = event.metadata();
        let line = Line {
            time: &time,
            level: metadata.level().as_serde(),
            fields: event.field_map(),
            target: metadata.target(),
        };
        writeln!(writer, "{}", serde_json::to_string(&line).map_err(|_| fmt::Error)?)
    }
}
