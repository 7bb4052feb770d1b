// The storage that both libraries can be given in place of the browser's, and two calls to look into it.

const items = new Map();

export const storage = {
  getItem: (key) => items.get(key) ?? null,
  setItem: (key, value) => void items.set(key, value),
  removeItem: (key) => void items.delete(key),
  clear: () => items.clear(),
};

export const storageCalls = {
  storedItems: () => Object.fromEntries(items),
  storeItems: (added) => Object.entries(added).forEach(([key, value]) => items.set(key, value)),
};
