import { createHash } from 'node:crypto';
import { WAKE_PARAMETER } from './navigation.ts';
import { isOver, type PageState } from './page-state.ts';

/** Without scripts the page comes anew so often, in seconds. */
const REFRESH_S = 5;

/**
 * Keeps a waiting page up to date, whatever it looks like: it writes into the elements that `data-wake` names, and the state into
 * `data-wake-state` of <html>. Text only, never HTML: names and log lines are foreign.
 *
 * - The URL is put together as text: `//x` as a path would be another site, and to parse the query would rewrite it.
 * - Events that stay away are a failure like any other: something on the way may collect them.
 * - It reloads once a second at most: another worker may not know yet that the site is awake.
 */
const SCRIPT = `(()=>{
const root=document.documentElement,own=document.currentScript.dataset,began=Date.now();
let state=own.state,failures=0,source,watch,steps,leaving;
const each=(name,act)=>document.querySelectorAll('[data-wake="'+name+'"]').forEach(act);
const write=(name,text)=>each(name,(node)=>{if(node.textContent!==text)node.textContent=text});
const reload=(afterMs)=>{leaving??=setTimeout(()=>location.reload(),afterMs)};
const step=({name,state})=>{
const item=document.createElement('li');
item.dataset.state=state;
for(const [tag,text] of [['b',name],['span',state]]){
const part=document.createElement(tag);
part.textContent=text;
item.append(part,' ')}
return item};
const show=(text)=>{
const now=JSON.parse(text),list=JSON.stringify(now.steps);
root.dataset.wakeState=state=now.state;
write('heading',now.heading);write('message',now.message);write('log',now.log.join('\\n'));
if(list!==steps)each('steps',(node)=>node.replaceChildren(...now.steps.map(step)));
steps=list;
if(state==='refused'&&now.retryAfter>0)reload(now.retryAfter*1000)};
const expect=(ms)=>{clearTimeout(watch);watch=setTimeout(fail,ms)};
const close=()=>{clearTimeout(watch);source.close()};
const fail=()=>{
close();
if(++failures>4)reload(0);
else setTimeout(open,500*2**failures)};
const open=()=>{
source=new EventSource(location.origin+location.pathname+(location.search?location.search+'&':'?')+'${WAKE_PARAMETER}');
expect(10000);
source.addEventListener('progress',({data})=>{failures=0;expect(60000);show(data)});
source.addEventListener('failed',({data})=>{close();show(data)});
source.addEventListener('awake',({data})=>{close();show(data);reload(Math.max(0,began+1000-Date.now()))});
source.onerror=fail};
const begin=()=>{
root.dataset.wakeState=state;
if(own.retry)reload(own.retry*1000);
if(own.over)return;
setInterval(()=>{if(state==='waking'||state==='awake')write('elapsed',Math.round((Date.now()-began)/1000)+' s')},1000);
open()};
if(document.readyState==='loading')addEventListener('DOMContentLoaded',begin);
else begin()})()`;

/** What lets the script above run, and nothing else; it may ask this site alone. */
export const SCRIPT_SOURCES = `script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'; connect-src 'self'`;

/** `{{script}}`: all that a page needs to go on by itself, with scripts and without. */
export function scriptMarkup(state: PageState): string {
  const over = isOver(state) ? ' data-over="1"' : '';
  const retry = state.state === 'refused' && state.retryAfter > 0 ? ` data-retry="${state.retryAfter}"` : '';
  const refresh = refreshMarkup(state);
  const noScript = refresh === '' ? '' : `<noscript>${refresh}</noscript>`;
  return `${noScript}<script data-state="${state.state}"${over}${retry}>${SCRIPT}</script>`;
}

/** `{{refresh}}`: the same for pages without a script. Empty when it is over: to come again would start it again and again. */
export function refreshMarkup(state: PageState): string {
  if (state.state === 'failed' || (state.state === 'refused' && state.retryAfter === 0)) return '';
  return `<meta http-equiv="refresh" content="${refreshSeconds(state)}">`;
}

/** Until a client that has no events comes again. */
export function refreshSeconds({ state, retryAfter }: PageState): number {
  return state === 'refused' ? retryAfter : Math.min(retryAfter || REFRESH_S, 60);
}
