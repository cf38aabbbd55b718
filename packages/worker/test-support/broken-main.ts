throw new Error("This script does not start.");
