//! Login codes: who they name, how they fail, what is tried again.

use std::time::{Duration, Instant};

use wechat_auth::{
    Error, Identity,
    sandbox::{APP_ID, SECRET, openid_of, unionid_of},
};

use crate::{errcode, start};

#[tokio::test]
async fn a_login_code_names_its_person_once() {
    let (_sandbox, client) = start();
    let login = client.code_to_session("login:张三&x=1:n1").await;
    let expected = Identity { openid: openid_of("张三&x=1"), unionid: Some(unionid_of("张三&x=1")) };
    assert_eq!(expected.openid.len(), 28);
    assert_eq!(login, Ok(expected.clone()));

    let again = client.code_to_session("login:张三&x=1:n1").await;
    assert_eq!(errcode(again.expect_err("used")), ("code", 40163));
    let fresh = client.code_to_session("login:张三&x=1:n2").await;
    assert_eq!(fresh, Ok(expected));

    let alone = client.code_to_session("login:李四:alone-1").await.expect("alone");
    assert_eq!(alone.unionid, None);
    assert_ne!(alone.openid, openid_of("张三"));
}

#[tokio::test]
async fn refused_logins_are_sorted_by_what_to_do() {
    let (sandbox, client) = start();
    for (code, expected) in [
        ("nonsense", ("code", 40029)),
        ("phone:13000000001:n", ("code", 40029)),
        ("login:risk:n", ("user", 40226)),
        ("", ("unexpected", 41008)),
    ] {
        let refused = client.code_to_session(code).await.expect_err(code);
        assert_eq!(errcode(refused), expected, "{code}");
    }
    let url = sandbox.base_url();
    for (app_id, secret, expected) in [("wx0", SECRET, ("config", 40013)), (APP_ID, "wrong", ("config", 40125))] {
        let stranger = crate::client(&url, app_id, secret).expect("a client");
        let refused = stranger.code_to_session("login:a:n").await;
        assert_eq!(errcode(refused.expect_err("login")), expected);
        let refused = stranger.phone_number("phone:1:n", &openid_of("a")).await;
        assert_eq!(errcode(refused.expect_err("phone")), expected);
    }
}

#[tokio::test]
async fn a_person_logs_in_a_hundred_times_a_minute_at_most() {
    let (_sandbox, client) = start();
    for i in 0..100 {
        let login = client.code_to_session(&format!("login:eager:{i}")).await;
        login.expect("within the quota");
    }
    let refused = client.code_to_session("login:eager:last").await;
    assert_eq!(errcode(refused.expect_err("spent")), ("rate", 45011));
    client.code_to_session("login:calm:1").await.expect("another person");
}

#[tokio::test]
async fn only_a_busy_answer_is_asked_again() {
    let (sandbox, client) = start();
    client.code_to_session("login:a:busy-once-1").await.expect("the second attempt");
    assert_eq!(sandbox.counts().logins, 2);

    let busy = client.code_to_session("login:a:busy-1").await;
    assert!(matches!(busy, Err(Error::Busy(_))), "{busy:?}");
    assert_eq!(sandbox.counts().logins, 4);

    for (i, (fault, cause)) in
        (0..).zip([("garbage", "not JSON"), ("reset", ""), ("http502", "502"), ("huge", "longer")])
    {
        let code = format!("login:a:{fault}-1");
        let lost = client.code_to_session(&code).await;
        assert!(matches!(&lost, Err(Error::Busy(text)) if text.contains(cause)), "{fault}: {lost:?}");
        assert_eq!(sandbox.counts().logins, 5 + 2 * i, "{fault}: asked once");
        let gone = client.code_to_session(&code).await;
        assert_eq!(errcode(gone.expect_err(fault)), ("code", 40163));
    }
}

#[tokio::test]
async fn control_characters_in_an_answer_are_dropped() {
    let (_sandbox, client) = start();
    let login = client.code_to_session("login:a:control-1").await.expect("a login");
    assert_eq!(login.openid, openid_of("a"));
}

#[tokio::test]
async fn a_slow_answer_is_given_up_after_three_seconds_and_the_code_is_gone() {
    let (sandbox, client) = start();
    let started = Instant::now();
    let slow = client.code_to_session("login:a:slow-1").await;
    assert!(matches!(slow, Err(Error::Busy(_))), "{slow:?}");
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(2900), "{waited:?}");
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!(sandbox.counts().logins, 1);
    let gone = client.code_to_session("login:a:slow-1").await;
    assert_eq!(errcode(gone.expect_err("consumed")), ("code", 40163));
}
