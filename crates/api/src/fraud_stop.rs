//! The stop (停用) that fraud puts on a member's spending, for as long as the rules said when it was confirmed.

use domain::id::MemberId;
use domain::misconduct::MisconductCase;
use storage::{accounts, misconduct_cases, rulebooks};

use crate::error::ApiResult;
use crate::use_case::Work;

/// Stops spending for a case of fraud whose time is not over; any other case stops nothing. Lock the purse first.
pub async fn stop(work: &mut Work, case: &MisconductCase) -> ApiResult<()> {
    let Some(decided) = case.decided else { return Ok(()) };
    let months = rulebooks::in_force(&work.tx, decided.at).await?.rules.deductions.fraud_freeze_months;
    let until = case.frozen_until(months).filter(|until| *until > work.now);
    if until.is_some() {
        accounts::freeze(&mut work.tx, case.member, &case.frozen_because(), work.now, until).await?;
    }
    Ok(())
}

/// Stops it for the last fraud that still stands, once something else no longer does.
pub async fn stop_for_what_stands(work: &mut Work, member: MemberId) -> ApiResult<()> {
    match misconduct_cases::last_standing_fraud(&work.tx, member).await? {
        Some(case) => stop(work, &case).await,
        None => Ok(()),
    }
}
