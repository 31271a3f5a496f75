import os

import git

mirror = git.Repo.clone_from(os.environ["UPSTREAM"], "/data/mirror")
print(mirror.head.commit)
