//! What if an order had a million articles?

use super::super::{Account, ExperimentAccount};
use super::answer::Answer;
use crate::text;

pub(super) fn a_million(account: &Account) -> Answer {
    let answer = Answer::to(account, text!("What if an order had a million articles?"));
    if let Some(measured) = &account.order_lines {
        return answer.by(ExperimentAccount::of_order_lines(measured, account.language), "question-5");
    }
    answer.not_measured(account, "--order-lines 1,10,100,1000,10000,100000,1000000")
}
