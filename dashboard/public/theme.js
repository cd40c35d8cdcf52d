// Before the first paint, and a file of its own, since the policy of the page lets no script stand in it.
const theme = localStorage.getItem('hivewax.theme')
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
