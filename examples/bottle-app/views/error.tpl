<!doctype html>
<title>{{error.status_line}}</title>
<link rel="stylesheet" href="/static/style.css">
<h1>{{error.status_line}}</h1>
