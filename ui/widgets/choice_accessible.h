#pragma once

namespace tt {

/// Makes every combo box known by the name it was given, with the chosen item as its value and as a text to read: on
/// Linux Qt's own take the chosen item as their name. Every application calls it once; may be called again.
void installChoiceAccessible();

} // namespace tt
