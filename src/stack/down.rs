//! `down`: ends every process that was started, whatever state the stack is in.

use super::layout::Layout;
use super::state::StateFile;
use super::{Observer, StackError, files, lock, stop};

/// Ends all processes. The data, the logs and the ports are kept for the next `up`.
pub(super) async fn down(layout: &Layout, observer: Observer<'_>) -> Result<(), StackError> {
    if !layout.state().exists() {
        return Ok(());
    }
    let _lock = lock::acquire(layout, observer).await?;
    let state_file = StateFile::load(layout)?;
    // First of all, so that other commands do not use a stack that is being stopped.
    let environment = layout.environment();
    files::remove(&environment).map_err(StackError::file(&environment, "removed"))?;
    let names = state_file.state().known();
    stop::stop(&names, layout, &state_file, observer).await
}

/// Ends the instances only; the services stay.
pub(super) async fn stop_instances(layout: &Layout, observer: Observer<'_>) -> Result<(), StackError> {
    if !layout.state().exists() {
        return Ok(());
    }
    let _lock = lock::acquire(layout, observer).await?;
    let state_file = StateFile::load(layout)?;
    let mut names = state_file.state().known();
    names.retain(|name| name.is_instance());
    stop::stop(&names, layout, &state_file, observer).await
}
