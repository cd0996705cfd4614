import { render } from 'preact';
import './style/tokens.css';
import './style/page.css';
import { App } from './app.js';

render(<App />, document.getElementById('page')!);
