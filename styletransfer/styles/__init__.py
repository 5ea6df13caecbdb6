"""Style codes: how they are made, blended, named, stored and cached."""
