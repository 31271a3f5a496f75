throw new Error("plugin a was removed long ago")
