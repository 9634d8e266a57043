//! wechat-auth
