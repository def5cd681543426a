"""The ``[purpose]`` section of a show file: what the show is for and who says that he may."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from avatar.licence.purpose import Cover, Purpose, Use


class PurposeSection(BaseModel):
    """What the show is for. The avatar's licence is held against it before anything is on air."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    use: Use = Field(
        "personal",
        description="personal: an individual's, without profit; personal-profit: an individual's, "
        "with profit (donations, advertising); corporate: an organisation's",
    )
    performer: Literal["unsaid", "author", "licensed"] = Field(
        "unsaid",
        description="author: the avatar is your own work or belongs to whom you perform for; "
        "licensed: you were given leave, see permission",
    )
    permission: str = Field(
        "", max_length=500, description="who gave you leave and where it is written; is logged"
    )
    covers: list[Cover] = Field(
        [],
        description="what that permission allows beside wearing the avatar: commercial, violent, "
        "sexual, political, antisocial, redistribution, credit (none needed)",
    )
    send_mesh: bool = Field(
        False, description="send the model to viewers' headsets, not only pictures of it"
    )
    ai_driven: bool = Field(False, description="a machine speaks and moves through the avatar")
    violent: bool = Field(False, description="excessively violent content")
    sexual: bool = Field(False, description="excessively sexual content")
    political: bool = Field(False, description="political or religious content")
    antisocial: bool = Field(False, description="antisocial or hateful content")
    credit_shown: Literal["always", "periodic"] = Field(
        "always",
        description="where the licence wants a credit: all the time, or 20 s at the start and 10 s "
        "every 3 minutes",
    )
    credit_corner: Literal["lower-left", "lower-right", "upper-left", "upper-right"] = Field(
        "lower-left", description="where in the picture"
    )

    @model_validator(mode="after")
    def _permission_goes_with_licensed(self) -> PurposeSection:
        if self.performer == "licensed" and not self.permission.strip():
            raise ValueError(
                'performer = "licensed" needs permission = "who gave it, where it is written"'
            )
        if self.performer != "licensed" and (self.covers or self.permission):
            raise ValueError('permission and covers go with performer = "licensed"')
        return self

    def declared(self, *, ai_driven: bool = False) -> Purpose:
        """The declaration; `ai_driven` is what the show's source says of itself."""
        return Purpose(
            use=self.use,
            performer=self.performer,
            permission=self.permission.strip(),
            covers=frozenset(self.covers),
            send_mesh=self.send_mesh,
            ai_driven=self.ai_driven or ai_driven,
            violent=self.violent,
            sexual=self.sexual,
            political=self.political,
            antisocial=self.antisocial,
        )
