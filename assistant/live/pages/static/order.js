// The board's order: hottest first, yet rows do not dance. Pure.

/**
 * `order` (ids, as shown now) made right for `heatOf(id)`: a row passes another only when it is ahead by `margin`.
 * Ids that `order` lacks are placed by their heat among the others.
 */
export function reordered(order, ids, heatOf, margin = 5) {
  const wanted = new Set(ids);
  const kept = order.filter((id) => wanted.has(id));
  const known = new Set(kept);
  const result = [];
  for (const id of kept) insert(result, id, (above) => heatOf(id) >= heatOf(above) + margin);
  for (const id of ids) if (!known.has(id)) insert(result, id, (above) => heatOf(id) > heatOf(above));
  return result;
}

function insert(rows, id, passes) {
  const place = rows.findIndex(passes);
  rows.splice(place < 0 ? rows.length : place, 0, id);
}
