//! The passwords for what is watched.

use storemgr::observe::Subject;
use storemgr::units::Secret;

use super::environment::secret;
use crate::failure::Failure;

/// The subjects with their passwords, which come from variables or files.
pub(crate) fn observed_subjects(typed: &[Subject]) -> Result<Vec<Subject>, Failure> {
    let password = |variable: &str| secret(&[variable]).map(|password| password.map(Secret::new));
    let with_password = |subject: &Subject| {
        let mut subject = subject.clone();
        match &mut subject {
            Subject::Database(database) => database.password = password(Subject::DATABASE_PASSWORD)?,
            Subject::Redis(redis) => redis.password = password(Subject::REDIS_PASSWORD)?,
            Subject::Process(_) => {}
        }
        Ok(subject)
    };
    typed.iter().map(with_password).collect()
}
