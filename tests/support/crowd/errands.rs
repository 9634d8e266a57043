//! What a client does: one random thing after the other, each to its end.

use std::time::{Duration, Instant};

use api::state::App;
use domain::id::{MemberId, TransferId};
use domain::points::SourceKind;
use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use storage::{StorageError, transfers};
use uuid::Uuid;

use super::{Crowd, Phone, Voucher};
use crate::client::{Reply, key};
use crate::history::{Call, Look, Moment, Outcome};
use crate::{mall, points};

/// How long anybody insists before they say that nobody answers.
const PATIENCE: Duration = Duration::from_mins(3);

/// A keyed call to be made until it is answered.
struct Wish<'a> {
    by: &'a Phone,
    path: String,
    key: String,
    body: Value,
    account: MemberId,
    effect: Uuid,
    refusals: &'static [&'static str],
}

/// What was heard of a wish.
struct Heard {
    yes: Option<(Moment, Reply)>,
    unanswered: bool,
}

impl Crowd {
    pub(super) async fn do_something(&self, rng: &mut Rng, banks: &[App]) {
        match rng.u8(..100) {
            0..28 => self.redeem(rng).await,
            28..36 => self.give(rng).await,
            36..50 => self.cancel(rng).await,
            50..62 => self.verify(rng).await,
            62..72 if !banks.is_empty() => {
                let (member, bank) = (self.members[rng.usize(..self.members.len())].0, rng.usize(..banks.len()));
                self.earn(&banks[bank], member, rng.i64(1..5) * 30).await;
            }
            _ => self.look(rng).await,
        }
    }

    async fn redeem(&self, rng: &mut Rng) {
        let (owner, offer) = (rng.usize(..self.members.len()), rng.usize(..self.offers.len()));
        let ((member, phone), key) = (&self.members[owner], key());
        let paid_by = TransferId::of_key((*member).into(), "redeem_offer", &key);
        let wish = Wish {
            by: phone,
            path: "/member/redemptions".into(),
            key,
            body: json!({ "offer_id": self.offers[offer] }),
            account: *member,
            effect: paid_by.uuid(),
            refusals: &["sold_out", "insufficient_points"],
        };
        if let Some(redemption) = self.ask(rng, wish).await {
            let id = mall::id(&redemption).parse().expect("an id");
            self.memory.lock().expect("the memory").vouchers.push(Voucher { id, owner, paid_by });
        }
    }

    /// To the community of the estate where everybody lives.
    async fn give(&self, rng: &mut Rng) {
        let ((member, phone), key) = (&self.members[rng.usize(..self.members.len())], key());
        let wish = Wish {
            by: phone,
            path: "/member/donations".into(),
            effect: TransferId::of_key((*member).into(), "donate_points", &key).uuid(),
            key,
            body: json!({ "amount": rng.i64(1..=3) }),
            account: *member,
            refusals: &["insufficient_points", "donation_limit_reached"],
        };
        self.ask(rng, wish).await;
    }

    async fn cancel(&self, rng: &mut Rng) {
        let Some(voucher) = self.voucher(rng) else { return };
        let (member, phone) = &self.members[voucher.owner];
        let wish = Wish {
            by: phone,
            path: format!("/member/redemptions/{}/cancellation", voucher.id),
            key: key(),
            body: json!({}),
            account: *member,
            effect: TransferId::of_refund(voucher.paid_by).uuid(),
            refusals: &["already_verified", "redemption_closed"],
        };
        self.ask(rng, wish).await;
    }

    async fn verify(&self, rng: &mut Rng) {
        let Some(voucher) = self.voucher(rng) else { return };
        let wish = Wish {
            by: &self.clerks[rng.usize(..self.clerks.len())],
            path: format!("/merchant/vouchers/{}/verification", voucher.id),
            key: key(),
            body: json!({}),
            account: self.members[voucher.owner].0,
            effect: voucher.id,
            refusals: &["already_verified", "voucher_cancelled"],
        };
        self.ask(rng, wish).await;
    }

    pub(super) async fn earn(&self, bank: &App, member: MemberId, minutes: i64) {
        let (event, asked) = (Uuid::now_v7(), self.tick());
        let effect = TransferId::of_earning(SourceKind::Enrolment, event, member).uuid();
        let until = Instant::now() + PATIENCE;
        let outcome = loop {
            match points::earn(bank, member, event, minutes, bank.clock.business()).await {
                Ok(_) => break Outcome::Done { at: self.tick(), balance: None },
                Err(error) if transfers::posted_before(&error) => {
                    break Outcome::Done { at: self.tick(), balance: None };
                }
                Err(StorageError::Busy(_) | StorageError::Unavailable(_)) if Instant::now() < until => {}
                Err(error) => {
                    self.surprise(format!("a credit: {error:?}"));
                    break Outcome::Unknown;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        self.remember(Call { key: event.to_string(), account: member.uuid(), effect, asked, outcome });
    }

    async fn look(&self, rng: &mut Rng) {
        let ((member, phone), path) =
            (&self.members[rng.usize(..self.members.len())], "/member/points/entries?limit=1");
        let (client, asked) = (phone.client(&self.server(rng)), self.tick());
        let Some(reply) = client.try_send(client.request(Method::GET, path), path).await else { return };
        let at = self.tick();
        match reply.status {
            200 => {
                let entry = &reply.body["items"][0];
                let newest = entry["transfer_id"].as_str().map(|transfer| {
                    (transfer.parse().expect("an id"), entry["balance_after"].as_i64().expect("a balance"))
                });
                let look = Look { account: member.uuid(), asked, at, newest };
                self.memory.lock().expect("the memory").history.looks.push(look);
            }
            503 => {}
            _ => self.surprise(format!("{path}: {}", reply.text)),
        }
    }

    /// Asks until there is an answer, sometimes twice at once, and remembers it; what is there if it is done.
    async fn ask(&self, rng: &mut Rng, wish: Wish<'_>) -> Option<Value> {
        let asked = self.tick();
        let heard = if rng.u8(..8) == 0 {
            let mut other = rng.fork();
            let (one, two) = tokio::join!(self.insist(rng, &wish), self.insist(&mut other, &wish));
            if let (Some((_, one)), Some((_, two))) = (&one.yes, &two.yes)
                && one.text != two.text
            {
                self.surprise(format!("one key, two answers: {} and {}", one.text, two.text));
            }
            let first = one.yes.into_iter().chain(two.yes).min_by_key(|(at, _)| *at);
            Heard { yes: first, unanswered: one.unanswered || two.unanswered }
        } else {
            self.insist(rng, &wish).await
        };
        let outcome = match &heard.yes {
            Some((at, reply)) => Outcome::Done { at: *at, balance: reply.body["balance_after"].as_i64() },
            // A question without an answer may still be under way, and be granted after another was refused.
            None if heard.unanswered => Outcome::Unknown,
            None => Outcome::Refused,
        };
        let rescued = usize::from(heard.unanswered && heard.yes.is_some());
        self.memory.lock().expect("the memory").rescued += rescued;
        let (account, effect) = (wish.account.uuid(), wish.effect);
        self.remember(Call { key: wish.key, account, effect, asked, outcome });
        heard.yes.map(|(_, reply)| reply.body)
    }

    async fn insist(&self, rng: &mut Rng, wish: &Wish<'_>) -> Heard {
        let until = Instant::now() + PATIENCE;
        let mut unanswered = false;
        loop {
            // Some hang up before the answer can be there.
            let hurry = if rng.u8(..10) == 0 { rng.u64(1..400) } else { 20_000 };
            let client = wish.by.client(&self.server(rng));
            let request = client.request(Method::POST, &wish.path).header("Idempotency-Key", &wish.key);
            let request = request.json(&wish.body).timeout(Duration::from_millis(hurry));
            let reply = client.try_send(request, &wish.path).await;
            let code = reply.as_ref().and_then(|reply| reply.body["code"].as_str()).unwrap_or_default().to_owned();
            match reply {
                Some(reply) if reply.status == 201 => return Heard { yes: Some((self.tick(), reply)), unanswered },
                Some(_) if wish.refusals.contains(&code.as_str()) => return Heard { yes: None, unanswered },
                Some(_) if code == "still_running" => {}
                Some(reply) if reply.status != 503 => {
                    self.surprise(format!("{}: {}", wish.path, reply.text));
                    return Heard { yes: None, unanswered: true };
                }
                _ => unanswered = true,
            }
            if Instant::now() > until {
                self.surprise(format!("{}: nobody answers", wish.path));
                return Heard { yes: None, unanswered: true };
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(10..60))).await;
        }
    }
}
