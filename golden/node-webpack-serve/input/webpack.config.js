module.exports = {
  entry: './palette.js',
  devServer: { host: '0.0.0.0', port: 8080, static: './public', hot: false, liveReload: false },
};
