"""What FastAPI and pydantic 2 are used for; see test_fastapi."""

import datetime
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Annotated, Generic, TypedDict, TypeVar

from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    UploadFile,
)
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from fastly_compute.asgi import AsgiHttpIncoming, warm_up

T = TypeVar("T")
LOG = logging.getLogger(__name__)


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Tag(BaseModel):
    name: str
    at: datetime.datetime | None = None


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: int = Field(gt=0)
    name: Annotated[str, Field(pattern="^[a-z]+$")] = "lamp"
    color: Color = Color.RED
    tags: list[Tag] = []
    parent: "Item | None" = None

    @field_validator("name")
    @classmethod
    def is_not_taken(cls, name: str) -> str:
        if name == "taken":
            raise ValueError("there is one already")
        return name


class Page(BaseModel, Generic[T]):
    items: list[T]


class State(TypedDict):
    greeting: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[State]:
    yield {"greeting": "hello"}


app = FastAPI(title="Items", lifespan=lifespan)


def closing() -> Iterator[list[str]]:
    """A synchronous dependency, which FastAPI runs in threads where there are any."""
    opened = ["open"]
    yield opened
    LOG.warning("closed after %s", opened)


async def user(x_user: Annotated[str | None, Header()] = None) -> str:
    if x_user is None:
        raise HTTPException(401, "who are you?")
    return x_user


@app.post("/items", status_code=201)
async def create(item: Item) -> Item:
    return item


@app.get("/items/{number}")
async def read(
    number: int, tag: Annotated[list[str], Query(default_factory=list)], color: Color = Color.BLUE
) -> Item:
    return Item(id=number, color=color, tags=[Tag(name=name) for name in tag])


@app.get("/page")
async def page() -> Page[Item]:
    return Page[Item](items=[Item(id=1)])


@app.get("/me")
async def me(name: Annotated[str, Depends(user)], request: Request) -> dict[str, str]:
    return {request.state.greeting: name}


@app.get("/synchronous")
def synchronous(
    opened: Annotated[list[str], Depends(closing)], tasks: BackgroundTasks
) -> list[str]:
    tasks.add_task(LOG.warning, "after the response")
    opened.append("used")
    return opened


@app.post("/form")
async def form(name: Annotated[str, Form()], file: UploadFile) -> dict[str, str | int | None]:
    return {"name": name, "file": file.filename, "size": len(await file.read())}


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one,"
        yield b"two"

    return StreamingResponse(parts())


@app.get("/broken")
async def broken() -> None:
    raise RuntimeError("this page is broken")


warm_up(app, "/openapi.json", "/nowhere")

HttpIncoming = AsgiHttpIncoming(app)
