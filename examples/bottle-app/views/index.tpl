<!doctype html>
<title>Bottle at the edge</title>
<link rel="stylesheet" href="/static/style.css">
<h1>{{f"Hello, {name}" if name else "Who are you?"}}</h1>
<form method="post" action="/name">
  <input name="name"> <button>That is me</button>
</form>
<form method="post" action="/upload" enctype="multipart/form-data">
  <input type="file" name="file"> <input name="note"> <button>Upload</button>
</form>
<p><a href="/download/20000000">20 MB</a></p>
