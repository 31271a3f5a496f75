export default () => <p>pages</p>;
