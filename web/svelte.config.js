// Tells the compiler that every component of ours uses runes.
export default { compilerOptions: { runes: true } };
