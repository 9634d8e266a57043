//! The caller, found out by the middleware before any handler runs; extractors only read.

use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use domain::id::{AdminId, IdentityId, MemberId, PersonId, SessionId};
use domain::official::Official;
use domain::organisation::NodePath;
use domain::role::{Permission, may};
use domain::session::Audience;
use domain::time::Instant;
use storage::role_grants::Grant;
use storage::staff::Staff;

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;

/// Whoever holds the token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The session.
    pub session: SessionId,
    /// The session's version that this was loaded from.
    pub version: i64,
    /// Whom the token is for.
    pub audience: Audience,
    /// When the token ends, whatever else holds.
    pub token_ends: Instant,
    /// Who it is.
    pub who: Who,
}

/// Who a caller can be.
#[derive(Clone, Debug)]
pub enum Who {
    /// A WeChat user on the member's side, matched to a member or not yet.
    Member {
        /// The WeChat user.
        identity: IdentityId,
        /// The member, once matched.
        member: Option<MemberId>,
        /// Whether they consent to the privacy policy as it is now.
        agreed: bool,
    },
    /// A WeChat user on the shop's side, working for a shop or not yet.
    Staff {
        /// The WeChat user.
        identity: IdentityId,
        /// The shop they work for.
        staff: Option<Staff>,
    },
    /// An administrator.
    Admin(Admin),
}

/// An administrator with the roles they hold.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The account.
    pub id: AdminId,
    /// The name typed to sign in.
    pub account: String,
    /// The person's name.
    pub name: String,
    /// The member this person also is.
    pub member: Option<MemberId>,
    /// The roles.
    pub grants: Vec<Grant>,
    /// Until when a second factor given again counts.
    pub stepped_up_until: Option<Instant>,
    /// Whether the password is still the one-time secret.
    pub must_change_password: bool,
}

impl Admin {
    /// The person, who is the member if the account is linked to one.
    pub fn person(&self) -> PersonId {
        self.member.map_or_else(|| self.id.into(), PersonId::from)
    }

    /// Refuses unless the second factor was given again within the last minutes.
    pub fn stepped_up(&self, now: Instant) -> ApiResult<()> {
        if self.stepped_up_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        Err(ApiError::new(ErrorCode::StepUpRequired, "这项业务须再次验证动态码，请先调用 /admin/step-up"))
    }

    /// The person as decisions see them, who must not decide about themselves.
    pub fn official(&self) -> Official {
        Official { admin: self.id, member: self.member }
    }

    /// The subtrees in which this admin holds the permission.
    pub fn scope(&self, permission: Permission) -> Vec<NodePath> {
        self.grants.iter().filter(|grant| may(grant.role, permission)).map(|grant| grant.path.clone()).collect()
    }

    /// The grants that hold the permission, the lowest in the tree first.
    pub fn grants_for(&self, permission: Permission) -> Vec<&Grant> {
        let mut grants: Vec<_> = self.grants.iter().filter(|grant| may(grant.role, permission)).collect();
        grants.sort_by_key(|grant| std::cmp::Reverse(grant.path.as_str().matches('/').count()));
        grants
    }
}

impl Caller {
    /// The person, whatever account they use.
    pub fn person(&self) -> PersonId {
        match &self.who {
            Who::Member { member: Some(member), .. } => (*member).into(),
            Who::Staff { staff: Some(staff), .. } => staff.id.into(),
            Who::Member { identity, .. } | Who::Staff { identity, .. } => (*identity).into(),
            Who::Admin(admin) => admin.person(),
        }
    }

    /// The kind of caller, as the audit trail calls it.
    pub fn kind(&self) -> &'static str {
        domain::code::Code::code(self.audience)
    }
}

fn caller(request: &HttpRequest) -> ApiResult<Arc<Caller>> {
    request.extensions().get::<Arc<Caller>>().cloned().ok_or_else(|| ErrorCode::Unauthenticated.into())
}

macro_rules! reads_the_caller {
    ($name:ty, $read:expr) => {
        impl FromRequest for $name {
            type Error = ApiError;
            type Future = std::future::Ready<ApiResult<Self>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                std::future::ready(caller(request).and_then($read))
            }
        }
    };
}

/// Any caller at all.
#[derive(Clone, Debug)]
pub struct AnyCaller(pub Arc<Caller>);

reads_the_caller!(AnyCaller, |caller| Ok(Self(caller)));

/// A WeChat user, matched or not.
#[derive(Clone, Debug)]
pub struct CurrentIdentity {
    /// The WeChat user.
    pub identity: IdentityId,
    /// The session.
    pub session: SessionId,
    /// The member, once matched.
    pub member: Option<MemberId>,
    /// Whether they consent to the privacy policy as it is now, on the member's side.
    pub agreed: bool,
    /// The shop they work for, on the shop's side.
    pub staff: Option<Staff>,
}

reads_the_caller!(CurrentIdentity, |caller| match &caller.who {
    Who::Member { identity, member, agreed } =>
        Ok(Self { identity: *identity, session: caller.session, member: *member, agreed: *agreed, staff: None }),
    Who::Staff { identity, staff } =>
        Ok(Self { identity: *identity, session: caller.session, member: None, agreed: false, staff: staff.clone() }),
    Who::Admin(_) => Err(ErrorCode::WrongAudience.into()),
});

impl CurrentIdentity {
    /// Refuses unless they consent to the privacy policy as it is now.
    pub fn must_agree(&self) -> ApiResult<()> {
        if self.agreed { Ok(()) } else { Err(policy_not_accepted()) }
    }
}

fn policy_not_accepted() -> ApiError {
    ApiError::new(ErrorCode::ConsentRequired, "请先阅读并同意现行的隐私政策")
}

/// A member whose WeChat is matched to the roster and who consents to the privacy policy as it is now.
#[derive(Clone, Copy, Debug)]
pub struct CurrentMember {
    /// The member.
    pub member: MemberId,
    /// The WeChat user.
    pub identity: IdentityId,
}

reads_the_caller!(CurrentMember, |caller| match &caller.who {
    Who::Member { identity, member: Some(member), agreed: true } => Ok(Self { member: *member, identity: *identity }),
    Who::Member { member: Some(_), .. } => Err(policy_not_accepted()),
    Who::Member { .. } => Err(ApiError::new(ErrorCode::NotBound, "请先绑定手机号，与单位名册核对后即可使用")),
    _ => Err(ErrorCode::WrongAudience.into()),
});

/// Somebody who works for a shop.
#[derive(Clone, Debug)]
pub struct CurrentStaff {
    /// The staff member with their shop.
    pub staff: Staff,
}

reads_the_caller!(CurrentStaff, |caller| match &caller.who {
    Who::Staff { staff: Some(staff), .. } => Ok(Self { staff: staff.clone() }),
    Who::Staff { .. } => Err(ApiError::new(ErrorCode::NotBound, "您还不是任何商家的店员，请先接受商家邀请")),
    _ => Err(ErrorCode::WrongAudience.into()),
});

/// Any administrator.
#[derive(Clone, Debug)]
pub struct CurrentAdmin {
    /// The administrator.
    pub admin: Admin,
    /// The session.
    pub session: SessionId,
}

reads_the_caller!(CurrentAdmin, |caller| match &caller.who {
    Who::Admin(admin) => Ok(Self { admin: admin.clone(), session: caller.session }),
    _ => Err(ErrorCode::WrongAudience.into()),
});

/// A permission as a type, so that a handler names in its signature what it needs.
pub trait Needs: 'static {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident),+ $(,)?) => {
        /// The permissions, one type each.
        pub mod needs {
            $(
                #[doc = concat!("The handler needs `", stringify!($name), "`.")]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;

                impl super::Needs for $name {
                    const PERMISSION: super::Permission = super::Permission::$name;
                }
            )+
        }
    };
}

needs! {
    ReadOrganisation, ReadAdmins, ManageOrganisation, ManageAdmins, GrantRoles, ReadAudit, ReadMembers, ManageRoster, ReadResidencies,
    ConfirmResidency, AcceptResidency, ReadActivities, ProposeActivity, ReviewActivity, ReviewAttendance, ReadMall,
    ManageMall, ApproveOffer, DecideReversal, ReadPoints, AnswerComplaints, ReadReports, ManageBudget, ReadFindings, ExplainFinding,
    CloseFinding, DraftRulebook, ApproveRulebook, ProposeAdjustment, DecideAdjustment, ProposeReward, DecideReward, HandleMisconduct, RuleAppeal, ReadFraudLetters,
    ManageExclusions,
}

/// An administrator who holds the permission somewhere, with the subtrees where they hold it.
#[derive(Clone, Debug)]
pub struct Authorized<P> {
    /// The administrator.
    pub admin: Admin,
    /// Where the permission holds; every query is bounded by it.
    pub scope: Vec<NodePath>,
    permission: PhantomData<P>,
}

impl<P: Needs> FromRequest for Authorized<P> {
    type Error = ApiError;
    type Future = std::future::Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(caller(request).and_then(|caller| {
            let Who::Admin(admin) = &caller.who else {
                return Err(ErrorCode::WrongAudience.into());
            };
            if admin.must_change_password {
                return Err(ApiError::new(ErrorCode::PasswordChangeRequired, "您使用的是一次性密码，请先修改密码"));
            }
            let scope = admin.scope(P::PERMISSION);
            if scope.is_empty() {
                return Err(ApiError::new(ErrorCode::Forbidden, "您的角色不能办理这项业务"));
            }
            Ok(Self { admin: admin.clone(), scope, permission: PhantomData })
        }))
    }
}
