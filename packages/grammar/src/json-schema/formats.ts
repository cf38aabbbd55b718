// Formats of JSON Schema as regular expressions. Each takes fewer texts than the standard it is named for,
// and none that the standard does not: what is generated is always valid.

const day =
  "((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))";
const date = `[1-9]\\d{3}-${day}`;
const time = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";
const label = "[A-Za-z0-9]{1,20}(-[A-Za-z0-9]{1,20}){0,2}";
// At most 253 characters, as RFC 1035 has it; an address at most 254, as RFC 5321 has it.
const hostname = `${label}(\\.${label}){0,3}`;
const domain = `${label}(\\.${label}){0,2}\\.[A-Za-z]{2,10}`;
const byte = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const hex = "[0-9a-f]";

export const formats: Readonly<Record<string, string>> = {
  date: `^${date}$`,
  time: `^${time}$`,
  "date-time": `^${date}T${time}$`,
  duration: "^P(\\d{1,4}W|\\d{1,4}D(T\\d{1,4}H)?|T(\\d{1,4}H(\\d{1,4}M)?|\\d{1,4}M(\\d{1,4}S)?|\\d{1,4}S))$",
  email: `^[A-Za-z0-9]{1,16}([._+-][A-Za-z0-9]{1,16}){0,2}@${domain}$`,
  hostname: `^${hostname}$`,
  ipv4: `^${byte}(\\.${byte}){3}$`,
  ipv6: `^${hex}{1,4}(:${hex}{1,4}){7}$`,
  uuid: `^${hex}{8}-${hex}{4}-[1-5]${hex}{3}-[89ab]${hex}{3}-${hex}{12}$`,
  uri: `^https?://${domain}(/[A-Za-z0-9._~-]{1,40}){0,6}/?$`,
};
