//! What I have, and what of it goes soon.

use std::collections::BTreeMap;

use actix_web::{get, web};
use chrono::NaiveDate;
use domain::exclusion::{self, ExclusionKind};
use domain::id::MemberId;
use domain::notice::last_day;
use domain::time::Instant;
use serde::Serialize;
use storage::accounts::Balance;
use storage::{ReadTx, exclusions};
use utoipa::ToSchema;

use super::pending::pending;
use crate::auth::caller::CurrentMember;
use crate::error::ApiResult;
use crate::state::App;

/// 积分余额
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PointsView {
    /// 可用积分
    #[schema(example = 96)]
    available: i64,
    /// 待生效积分：已确认、尚在审核或公示中的服务预计得到的，不能使用
    #[schema(example = 36)]
    pending: i64,
    /// 冻结积分
    #[schema(example = 0)]
    held: i64,
    /// 欠分；以后获得的积分先抵还
    #[schema(example = 0)]
    debt: i64,
    /// 积分账户是否被冻结；冻结期间不能使用积分
    frozen: bool,
    /// 冻结的原因
    #[schema(example = json!(null))]
    frozen_because: Option<String>,
    /// 60 天内到期的积分，先到期的在前
    expiring: Vec<ExpiringView>,
    /// 累计获得的积分，已扣除被追回的
    #[schema(example = 320)]
    lifetime_earned: i64,
    /// 累计认定的服务时长，单位为分钟，不会过期
    #[schema(example = 1260)]
    verified_minutes: i64,
}

/// 我的积分余额
#[derive(Debug, Serialize, ToSchema)]
struct OwnPointsView {
    /// 积分余额
    #[serde(flatten)]
    points: PointsView,
    /// 是否暂不计积分；期间的服务只记时长
    earning_stopped: bool,
    /// 是否暂不能使用积分，即不能兑换和捐赠；已有的兑换券照常使用和取消
    spending_stopped: bool,
    /// 暂停时给党员看的提示，请原样显示
    #[schema(example = json!(null))]
    stopped_notice: Option<&'static str>,
}

/// 即将到期的积分
#[derive(Debug, Serialize, ToSchema)]
struct ExpiringView {
    /// 最后可用的一天
    #[schema(example = "2027-03-31")]
    last_day: NaiveDate,
    /// 积分
    #[schema(example = 36)]
    points: i64,
}

impl PointsView {
    /// A member's balance, with what awaits its credit.
    pub(super) async fn new(tx: &ReadTx, member: MemberId, balance: Balance, now: Instant) -> ApiResult<Self> {
        let pending = if balance.awaits { pending(tx, member, now).await?.points } else { 0 };
        let mut days = BTreeMap::<NaiveDate, i64>::new();
        for (gone_at, points) in balance.expiring {
            *days.entry(last_day(gone_at)).or_default() += points;
        }
        Ok(Self {
            available: balance.available,
            pending,
            held: balance.held,
            debt: balance.debt,
            frozen: balance.frozen,
            frozen_because: balance.frozen_because,
            expiring: days.into_iter().map(|(last_day, points)| ExpiringView { last_day, points }).collect(),
            lifetime_earned: balance.lifetime_earned,
            verified_minutes: balance.verified_minutes,
        })
    }
}

/// 查看我的积分
#[utoipa::path(tag = "积分", responses((status = 200, description = "积分余额", body = OwnPointsView)))]
#[get("/points")]
pub(super) async fn show_balance(caller: CurrentMember, app: App) -> ApiResult<web::Json<OwnPointsView>> {
    let (tx, now) = (app.database.read(), app.clock.business());
    let balance = app.balances.ask(caller.member).await?.unwrap_or_default();
    // The member alone reads it here, and the unit in its own list.
    let stopped = if balance.excluded { exclusions::open_of(&tx, caller.member).await? } else { Vec::new() };
    Ok(web::Json(OwnPointsView {
        points: PointsView::new(&tx, caller.member, balance, now).await?,
        earning_stopped: stopped.contains(&ExclusionKind::Earning),
        spending_stopped: stopped.contains(&ExclusionKind::Spending),
        stopped_notice: exclusion::notice(&stopped),
    }))
}
