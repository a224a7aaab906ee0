#pragma once

namespace tt {

/// Makes every spin box a text that screen readers and AT-SPI clients can write into, with its value, range and step
/// beside it: Qt's own spin boxes can only be read. Every application calls it once; may be called again.
void installNumberAccessible();

} // namespace tt
