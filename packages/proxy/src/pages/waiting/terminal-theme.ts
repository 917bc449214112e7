/** For those who like to see a machine start. */
export const TERMINAL_THEME = `<!doctype html>
<html lang="en" data-wake-state="{{state}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title data-wake="heading">{{heading}}</title>
<style>
:root{color-scheme:dark}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;padding:2rem;background:#0b0f0c;color:#b8e6c1;
font:1rem/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
h1{margin:0;font-size:1rem;color:#e6fff0}
h1::before{content:"$ "}
h1::after{content:"_";animation:blink 1s steps(2,jump-none) infinite}
[data-wake-state=failed] h1,[data-wake-state=refused] h1{color:#ff9c93}
@keyframes blink{to{opacity:0}}
p{margin:.2rem 0 0}
ul{list-style:none;margin:1rem 0 0;padding:0}
li span::before{content:"["}
li span::after{content:"]"}
li[data-state=waiting]{opacity:.6}
li[data-state=ready] span{color:#6fd36f}
li[data-state=failed] span{color:#ff9c93}
pre{margin:1rem 0 0;padding-left:1rem;border-left:2px solid #2c4433;color:#8fae96;font:inherit;font-size:.85rem;white-space:pre-wrap}
pre:empty,.again{display:none}
[data-wake-state=failed] .again,[data-wake-state=refused] .again{display:block;margin-top:1rem}
a{color:#e6fff0}
footer{margin-top:1rem;color:#6f8f77}
@media (prefers-reduced-motion:reduce){h1::after{animation:none}}
</style>
{{script}}
</head>
<body>
<div role="status">
<h1 data-wake="heading">{{heading}}</h1>
<p data-wake="message">{{message}}</p>
</div>
<ul data-wake="steps" aria-label="Steps">{{steps}}</ul>
<pre data-wake="log" aria-label="Last lines of its log" tabindex="0">{{log}}</pre>
<p class="again"><a href="">Try again</a></p>
<footer>{{host}} <span data-wake="elapsed"></span></footer>
</body>
</html>
`;
