from pathlib import Path


def test_the_example_of_the_readme_runs(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out.startswith("1500")
