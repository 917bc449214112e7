/** No script and no style: for text browsers, and where a policy forbids scripts. It comes anew every few seconds. */
export const PLAIN_THEME = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
{{refresh}}
<title>{{heading}}</title>
</head>
<body>
<h1>{{heading}}</h1>
<p>{{message}}</p>
<ul>{{steps}}</ul>
<pre>{{log}}</pre>
<p><a href="">Try again</a></p>
</body>
</html>
`;
