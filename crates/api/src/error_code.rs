//! The table of problems: every `code` the API can answer, its status, and its title in Chinese. The list is closed.

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! error_codes {
    ($($variant:ident = $wire:literal, $status:literal, $title:literal);+ $(;)?) => {
        /// 问题代码：程序按它判断，人看 title 和 detail。
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
        pub enum ErrorCode {
            $(#[doc = $title] #[serde(rename = $wire)] #[schema(rename = $wire)] $variant),+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The status that the code is answered with.
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$variant => $status),+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// The spelling on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }

            /// What the problem is called.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

error_codes! {
    MalformedRequest = "malformed_request", 400, "请求无法读取";
    IdempotencyKeyMissing = "idempotency_key_missing", 400, "缺少幂等键";
    Unauthenticated = "unauthenticated", 401, "请先登录";
    LoginCodeInvalid = "login_code_invalid", 401, "登录码无效";
    CredentialsInvalid = "credentials_invalid", 401, "账号、密码或动态码不正确";
    WrongAudience = "wrong_audience", 403, "登录身份不符";
    NotBound = "not_bound", 403, "尚未绑定";
    Forbidden = "forbidden", 403, "没有权限";
    StepUpRequired = "step_up_required", 403, "需要再次验证动态码";
    PasswordChangeRequired = "password_change_required", 403, "请先修改密码";
    ConsentRequired = "consent_required", 403, "需要您的同意";
    LoginBlocked = "login_blocked", 403, "该微信账号不能登录";
    NotFound = "not_found", 404, "没有找到";
    MethodNotAllowed = "method_not_allowed", 405, "不支持这种请求方式";
    StillRunning = "still_running", 409, "同一操作正在处理";
    SamePerson = "same_person", 409, "不能由同一人办理";
    RoleNotGrantable = "role_not_grantable", 409, "不能授予这个角色";
    LastAdmin = "last_admin", 409, "不能没有这样的管理员";
    StateConflict = "state_conflict", 409, "当前状态不能这样办理";
    AlreadyBound = "already_bound", 409, "已经绑定";
    PolicyChanged = "policy_changed", 409, "隐私政策已更新";
    ResidencyOpen = "residency_open", 409, "已有一份报到";
    NotInService = "not_in_service", 409, "不在在职党员名册";
    NotResident = "not_resident", 409, "尚未完成报到";
    ActivityNotOpen = "activity_not_open", 409, "活动不能报名";
    ActivityBegun = "activity_begun", 409, "活动已开始";
    EnrolmentClosed = "enrolment_closed", 409, "报名已截止";
    EnrolmentPaused = "enrolment_paused", 409, "报名暂停";
    AlreadyEnrolled = "already_enrolled", 409, "已经报名";
    NotEnrolled = "not_enrolled", 409, "没有报名";
    TimeClash = "time_clash", 409, "时间冲突";
    AttendanceCodeStale = "attendance_code_stale", 409, "签到码已过期";
    AttendanceCodeDirection = "attendance_code_direction", 409, "签到签退用反了";
    AttendanceCodeHidden = "attendance_code_hidden", 409, "不在出示签到码的时间";
    CheckInTooEarly = "check_in_too_early", 409, "还没到签到时间";
    SessionOver = "session_over", 409, "活动已结束";
    CheckInLimitReached = "check_in_limit_reached", 409, "已达当日签到次数";
    AlreadyCheckedIn = "already_checked_in", 409, "已经签到";
    NotCheckedIn = "not_checked_in", 409, "还没有签到";
    AlreadyCheckedOut = "already_checked_out", 409, "已经签退";
    LeadBarred = "lead_barred", 409, "负责人暂时不能确认";
    MakeUpTooLate = "make_up_too_late", 409, "已过补录期限";
    PublicityOver = "publicity_over", 409, "公示期已满";
    AlreadyDisputed = "already_disputed", 409, "已有异议";
    TooLarge = "too_large", 413, "内容过大";
    UnsupportedMediaType = "unsupported_media_type", 415, "不支持的内容类型";
    InvalidInput = "invalid_input", 422, "填写有误";
    UnknownValue = "unknown_value", 422, "没有这种取值";
    AttendanceCodeForeign = "attendance_code_foreign", 422, "不是签到码";
    AttendanceCodeEdited = "attendance_code_edited", 422, "签到码不正确";
    NameTaken = "name_taken", 409, "名称已被使用";
    InvitationUsed = "invitation_used", 409, "邀请已被使用";
    InvitationExpired = "invitation_expired", 409, "邀请已过期";
    MerchantNotActive = "merchant_not_active", 409, "商家不在合作中";
    AlreadyStaff = "already_staff", 409, "已是店员";
    StockTooLow = "stock_too_low", 409, "库存不够";
    OfferNotListed = "offer_not_listed", 409, "优惠未上架";
    OfferEnded = "offer_ended", 409, "优惠已结束";
    SoldOut = "sold_out", 409, "已兑完";
    ConflictOfInterest = "conflict_of_interest", 409, "主管单位回避";
    NotEligible = "not_eligible", 409, "服务时长不足";
    OfferLimitReached = "offer_limit_reached", 409, "已达每人限兑数量";
    MonthlyLimitReached = "monthly_limit_reached", 409, "已达本月兑换次数";
    ValueCapReached = "value_cap_reached", 409, "已达全年面值上限";
    PointsFrozen = "points_frozen", 409, "积分账户已冻结";
    SpendingStopped = "spending_stopped", 409, "暂不能使用积分";
    EarningStopped = "earning_stopped", 409, "暂不计积分";
    AlreadyExcluded = "already_excluded", 409, "已在不参与名单";
    FindingStands = "finding_stands", 409, "账目仍有差异";
    NotSealedYet = "not_sealed_yet", 409, "尚未封存";
    InsufficientPoints = "insufficient_points", 409, "积分不足";
    AmountInvalid = "amount_invalid", 422, "积分数额无效";
    AmountTooLarge = "amount_too_large", 422, "积分数额过大";
    BalanceTooLarge = "balance_too_large", 409, "积分账户超出上限";
    AdjustmentLapsed = "adjustment_lapsed", 409, "积分调整已逾期";
    AlreadyRewarded = "already_rewarded", 409, "已经登记过";
    DistrictDecides = "district_decides", 409, "须由区级核准";
    PatrolTooNear = "patrol_too_near", 409, "两次巡查打卡相隔太近";
    AlreadyCharged = "already_charged", 409, "已作违规处理";
    AppealOver = "appeal_over", 409, "申诉期已满";
    AppealLevel = "appeal_level", 409, "须由上一级裁定";
    DonationLimitReached = "donation_limit_reached", 409, "已达捐赠上限";
    AlreadyVerified = "already_verified", 409, "兑换券已核销";
    RedemptionClosed = "redemption_closed", 409, "积分已退回";
    VoucherCancelled = "voucher_cancelled", 409, "兑换券已取消";
    VoucherExpired = "voucher_expired", 409, "兑换券已过期";
    VoucherReversed = "voucher_reversed", 409, "核销已撤销";
    ReversalTooLate = "reversal_too_late", 409, "超过撤销核销的时限";
    RulebookOverlap = "rulebook_overlap", 409, "规则生效时间重叠";
    RulebookTooLate = "rulebook_too_late", 409, "规则生效日期已到";
    VoucherQrStale = "voucher_qr_stale", 409, "二维码已过期";
    VoucherQrForeign = "voucher_qr_foreign", 422, "不是兑换券二维码";
    PhoneCodeInvalid = "phone_code_invalid", 422, "手机号授权码无效";
    PhoneTicketInvalid = "phone_ticket_invalid", 422, "手机号凭据无效";
    IdempotencyKeyReused = "idempotency_key_reused", 422, "幂等键已用于另一请求";
    TooManyRequests = "too_many_requests", 429, "操作过于频繁";
    Internal = "internal", 500, "服务出现故障";
    Unavailable = "unavailable", 503, "服务暂时不可用";
}

impl ErrorCode {
    /// Whether a story refused with this code leaves an audit row: lockout, two-person rules, money.
    /// Refusals of authority are noted at the door, in `auth/identify.rs`.
    pub fn audited(self) -> bool {
        matches!(
            self,
            Self::LoginBlocked
                | Self::CredentialsInvalid
                | Self::SamePerson
                | Self::ConflictOfInterest
                | Self::PointsFrozen
                | Self::SpendingStopped
                | Self::InsufficientPoints
                | Self::AlreadyVerified
        )
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
