export async function getServerSideProps() {
  return { props: { sky: 'drizzle' } };
}

export default function Board({ sky }) {
  return <main>Today: {sky.toUpperCase()}</main>;
}
