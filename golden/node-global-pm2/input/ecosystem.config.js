module.exports = {
  apps: [{ name: 'web', script: './bin/web.js', instances: 1, env: { GREETING: 'managed by pm2' } }],
};
