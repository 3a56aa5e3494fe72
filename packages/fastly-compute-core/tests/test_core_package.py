from pathlib import Path

from fastly_compute import core


def test_the_example_of_the_readme_runs(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out.startswith("1500")


def test_every_public_name_is_in_the_readme():
    readme = (Path(__file__).parents[1] / "README.md").read_text()

    for name in core.__all__:
        assert f"`{name}`" in readme


def test_the_public_names_are_sorted_and_there():
    constants_first = sorted(core.__all__, key=lambda name: (not name.isupper(), name))
    assert core.__all__ == constants_first
    for name in core.__all__:
        assert hasattr(core, name)
