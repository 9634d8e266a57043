//! What only the development profile offers: moving business time, so that a whole journey can be walked in a minute.

use actix_web::{post, web};
use chrono::Duration;
use serde::{Deserialize, Serialize};
use storage::development_clock;

use crate::error::{ApiError, ApiResult};
use crate::http::json::Json;
use crate::http::time::BeijingTime;
use crate::jobs;
use crate::state::App;
use crate::use_case::UseCase;

const FARTHEST: Duration = Duration::days(3660);

/// The routes; production does not mount them.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(advance_clock);
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceRequest {
    /// How far, as in `90s`, `30m`, `2h` or `3d`.
    advance: String,
}

#[derive(Debug, Serialize)]
struct ClockView {
    business_time: BeijingTime,
}

#[post("/clock")]
async fn advance_clock(request: Json<AdvanceRequest>, use_case: UseCase, app: App) -> ApiResult<web::Json<ClockView>> {
    let by =
        duration(&request.0.advance).ok_or_else(|| ApiError::field("advance", "应为 90s、30m、2h 或 3d 这样的时长"))?;
    let ahead = app.clock.ahead_seconds() + by.num_seconds();
    if ahead > FARTHEST.num_seconds() {
        return Err(ApiError::field("advance", "最多向前拨十年"));
    }
    use_case
        .write("advance_clock", move |work| {
            Box::pin(async move { Ok(development_clock::set_ahead(&mut work.tx, ahead).await?) })
        })
        .await?;
    app.clock.set_ahead_seconds(ahead);
    jobs::run_all(&app).await;
    Ok(web::Json(ClockView { business_time: app.clock.business().into() }))
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u32 = number.parse().ok()?;
    match unit {
        "s" => Some(Duration::seconds(number.into())),
        "m" => Some(Duration::minutes(number.into())),
        "h" => Some(Duration::hours(number.into())),
        "d" => Some(Duration::days(number.into())),
        _ => None,
    }
}
