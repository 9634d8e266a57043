// Swagger UI speaks English only; these are its words in Chinese.

const WORDS = new Map(Object.entries({
  "Try it out": "试一试",
  "Try it out ": "试一试",
  Cancel: "取消",
  Reset: "还原",
  Execute: "执行",
  Clear: "清除",
  Parameters: "参数",
  "No parameters": "没有参数",
  Responses: "答复",
  "Request body": "请求内容",
  Name: "名称",
  Description: "说明",
  Code: "状态",
  Details: "详情",
  Links: "链接",
  "No links": "无",
  "Media type": "格式",
  "Response content type": "答复格式",
  "Server response": "服务的答复",
  "Response body": "答复内容",
  "Response headers": "答复头",
  "Request URL": "请求地址",
  "Request duration": "用时",
  Curl: "命令",
  Download: "下载",
  "Example Value": "示例",
  Schema: "结构",
  Servers: "服务",
  Loading: "读取中",
  "Send empty value": "发送空值",
  "No response": "没有答复",
  Undocumented: "文档之外",
  "Edit Value": "编辑",
  "Failed to fetch.": "连接不上服务。",
  "No operations defined in spec!": "没有符合条件的接口",
  "Expand operation": "展开",
  "Collapse operation": "收起",
}));

const AS_IT_IS = "pre, code, textarea, input, select, .microlight, .markdown, .opblock-summary-path, .opblock-summary-description";

/** Keeps the words of Swagger UI in Chinese below this element. */
export function translate(root) {
  const look = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return say(node);
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) say(walker.currentNode);
    for (const input of node.querySelectorAll?.(".operation-filter-input") ?? []) input.placeholder = "按名称查找接口";
  };
  const observer = new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "characterData") say(target);
      else addedNodes.forEach(look);
    }
  });
  observer.observe(root, { childList: true, subtree: true, characterData: true });
  look(root);
}

function say(text) {
  const word = WORDS.get(text.nodeValue.trim());
  if (word && !text.parentElement?.closest(AS_IT_IS)) text.nodeValue = word;
}
