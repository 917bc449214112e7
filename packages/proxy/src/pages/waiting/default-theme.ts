/** The look of the other pages of ours (pages/built-in.ts), with steps that move. */
export const DEFAULT_THEME = `<!doctype html>
<html lang="en" data-wake-state="{{state}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title data-wake="heading">{{heading}}</title>
<style>
:root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--text:#1b2430;--soft:#566273;--line:#dfe4ea;--mark:#1f6feb;--good:#18794e;
--bad:#b3261e;--log:#f1f3f6}
@media (prefers-color-scheme:dark){
:root{--back:#12161c;--card:#1b2129;--text:#e8ecf1;--soft:#a3afbd;--line:#303944;--mark:#6cb2ff;--good:#6fd3a0;--bad:#ff9c93;--log:#12161c}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--back);color:var(--text);
font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:36rem;padding:2.25rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;
overflow:hidden;position:relative}
main::before{content:"";position:absolute;inset:0 0 auto;height:3px;
background:linear-gradient(90deg,transparent,var(--mark),transparent) 0/40% 100% no-repeat;animation:pass 1.6s ease-in-out infinite}
[data-wake-state=awake] main::before{background:var(--good);animation:none}
[data-wake-state=failed] main::before,[data-wake-state=refused] main::before{background:var(--bad);animation:none}
@keyframes pass{from{background-position:-70% 0}to{background-position:170% 0}}
@keyframes turn{to{transform:rotate(1turn)}}
h1{margin:0 0 .5rem;font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}
p{margin:0;color:var(--soft);overflow-wrap:anywhere}
ul{list-style:none;margin:1.5rem 0 0;padding:0;border:solid var(--line);border-width:1px 0}
ul:empty{display:none}
li{display:flex;align-items:center;gap:.75rem;padding:.55rem .1rem;border-top:1px solid var(--line)}
li:first-child{border:0}
li b{flex:1;font-weight:600;overflow-wrap:anywhere}
li span{color:var(--soft);font-size:.9rem}
li::before{content:"";flex:none;width:1.1rem;height:1.1rem;border:2px solid var(--line);border-radius:50%;text-align:center;
font-size:.8rem;font-weight:700;line-height:.95rem}
li[data-state=starting]::before,li[data-state=running]::before{border-color:var(--mark) var(--line) var(--line);animation:turn 1s linear infinite}
li[data-state=ready]::before{content:"\\2713";border-color:var(--good);color:var(--good)}
li[data-state=failed]::before{content:"!";border-color:var(--bad);color:var(--bad)}
li[data-state=ready] span{color:var(--good)}
li[data-state=failed] span{color:var(--bad)}
pre{margin:1.5rem 0 0;padding:.9rem 1rem;max-height:15rem;overflow:auto;background:var(--log);border:1px solid var(--line);
border-radius:.6rem;font:.8rem/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
pre:empty{display:none}
.again{display:none;margin-top:1.5rem}
[data-wake-state=failed] .again,[data-wake-state=refused] .again{display:block}
a{display:inline-block;padding:.45rem 1.1rem;border:1px solid var(--line);border-radius:.6rem;color:var(--text);font-weight:600;text-decoration:none}
a:hover,a:focus-visible{border-color:var(--mark)}
footer{display:flex;justify-content:space-between;gap:1rem;margin-top:1.75rem;padding-top:1rem;border-top:1px solid var(--line);
color:var(--soft);font-size:.85rem;overflow-wrap:anywhere}
ul+pre:empty+.again+footer{border-top:0;padding-top:0;margin-top:1.25rem}
@media (prefers-reduced-motion:reduce){*,*::before{animation:none!important}}
</style>
{{script}}
</head>
<body>
<main>
<div role="status">
<h1 data-wake="heading">{{heading}}</h1>
<p data-wake="message">{{message}}</p>
</div>
<ul data-wake="steps" aria-label="Steps">{{steps}}</ul>
<pre data-wake="log" aria-label="Last lines of its log" tabindex="0">{{log}}</pre>
<p class="again"><a href="">Try again</a></p>
<footer><span>{{host}}</span><span data-wake="elapsed"></span></footer>
</main>
</body>
</html>
`;
