"""Node.js."""

from slimify.languages.base import Language

LANGUAGE = Language(
    name="node",
    title="Node.js",
    package=__name__,
    project_files=("package.json",),
    source_suffixes=(".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"),
    start_words=("node", "npm", "yarn"),
    interpreters=("node",),
    image_names=("nodejs", "javascript-node", "typescript-node"),
    excluded_sources=(
        r"(?:^|/)(?:__tests?__|__mocks__|cypress|node_modules|bower_components|stories)/|"
        r"\.(?:test|spec|stories|d)\.[cm]?[jt]sx?$|\.config\.[cm]?[jt]s$|(?:^|/)\.[^/]+\.[cm]?js$|\.min\.js$"
    ),
    always_read=True,
    install_directories=("node_modules",),
    managers=("npm", "yarn", "pnpm", "bun"),
    installers=("npm", "yarn", "pnpm"),
    runs_hooks=True,
    runners=(
        *("pm2", "serve", "http-server", "nodemon", "ts-node", "tsx", "forever", "typescript", "tsc", "nx"),
        *("cross-env", "yarn", "npm", "pnpm"),
    ),
    program="node",
    own_certificates=True,  # https://nodejs.org/api/cli.html#--use-bundled-ca---use-openssl-ca
    version_file="/usr/local/include/node/node_version.h",
    version_pattern=r"#define\s+NODE_(?:MAJOR|MINOR|PATCH)_VERSION\s+(\d+)",
    version_variable="NODE_VERSION",
    lean_options=("--omit=dev", "--production", "--prod", "--only=production", "--only=prod"),
    lock_files=(
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "bun.lockb",
    ),
    runtime_manifests=("package.json",),  # for the kind of its modules; `npm start` for the command
    copies_project=True,
)
