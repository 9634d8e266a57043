//! How to sign in to the demo, kept beside the keys in a file that only its owner may read.

use std::fmt::Write;
use std::path::PathBuf;

use domain::code::Code;
use storage::admins as accounts;

use super::admins::Account;
use super::cast::Stage;
use super::journey::Journey;
use super::{desks, ids};
use crate::failure::Failure;
use crate::keys;
use crate::state::App;

fn file(app: &App) -> PathBuf {
    app.config.data_directory.join("demo-accounts.txt")
}

/// Writes the file, before anything that it names is kept.
pub(super) fn write(app: &App, accounts: &[Account], journey: &Journey) -> Result<(), Failure> {
    let file = file(app);
    keys::write_private(&file, &text(accounts, journey))
        .map_err(|error| Failure::Usage(format!("cannot write {}: {error}", file.display())))
}

/// What the file says, if the database holds a demo.
pub(super) async fn read(app: &App) -> Result<Vec<String>, Failure> {
    if !accounts::any_demo(&app.database.read()).await? {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(file(app)).unwrap_or_else(|_| {
        "the demo's accounts were made by another data directory: their passwords stand in its demo-accounts.txt\n"
            .into()
    });
    Ok(text.lines().map(str::to_owned).collect())
}

fn text(accounts: &[Account], journey: &Journey) -> String {
    let mut text = String::from(
        "\nSign in as a member or a shop: POST http://{address}/api/v1/auth/wechat-login with such a code. Each works once;\n\
         put any new text behind the last colon.\n",
    );
    let mut line = |left: &str, right: String| {
        let _ = writeln!(text, "  {left:<34}{right}");
    };
    let shown = [
        (Stage::Active, 2, "在职党员，可报名、可兑换"),
        (Stage::Bound, 1, "已绑定手机，尚未报到"),
        (Stage::Submitted, 1, "已报到，待单位确认"),
        (Stage::Confirmed, 1, "单位已确认，待社区接收"),
        (Stage::RefusedByCommunity, 1, "报到被退回"),
    ];
    for (stage, most, words) in shown {
        for player in journey.players.iter().filter(|player| player.stage == stage).take(most) {
            line(&format!("login:{}:1", player.person), format!("member    {} {words}", player.member.name));
        }
    }
    for player in journey.players.iter().filter(|player| player.stage == Stage::Unbound).take(1) {
        line(
            &format!("login:{}:1", player.person),
            format!("member    {} 首次登录，再用下一行绑定手机", player.member.name),
        );
        line(&format!("phone:{}:1", player.phone.reveal()), "          phone_code of POST /api/v1/member/phone".into());
    }
    line(&format!("login:{}:1", desks::APPLICANT), "member    孙晓明 不在名册，入册申请待单位确认".into());
    for ((staff, person), stall) in journey.staff.iter().zip(&journey.stalls).take(2) {
        line(&format!("login:{person}:1"), format!("merchant  {} {}", staff.name, stall.merchant.name));
    }
    let invited = format!("merchant  王芳 首次登录，凭邀请码 {} 成为店员", ids::INVITATION_CODE);
    let _ = writeln!(text, "  {:<34}{invited}", format!("login:{}:1", desks::INVITED));
    text.push_str(
        "\nSign in as an admin in the console, with account, password, and the code that this prints:\n\
         \x20 cargo run -- totp <account>\n",
    );
    for account in accounts {
        let role = account.role();
        let _ = writeln!(text, "  {:<13}{}   {} {}", account.account(), account.password, role.label(), role.code());
    }
    text
}
