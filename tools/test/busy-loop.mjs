// Takes a processor for as long as the process lives whose id is the argument. A killed parent takes it along.
const parent = Number(process.argv[2]);
while (process.ppid === parent);
