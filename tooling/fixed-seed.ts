import fc from "fast-check";

// In CI the cases that properties are tried on are the same each time, so that a change is judged by itself.
// Elsewhere they are other ones in each run, and a failure tells its seed.
if (process.env.CI) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
