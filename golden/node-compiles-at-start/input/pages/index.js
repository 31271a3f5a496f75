export default () => <h1 className="text-xl">high tide at noon</h1>;
